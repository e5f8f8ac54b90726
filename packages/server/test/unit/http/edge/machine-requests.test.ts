import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { test } from "node:test";
import { until } from "../../../../../protocol/test/support/until.ts";
import { MAX_REQUESTS_PER_MACHINE, MachineRequests } from "../../../../src/http/edge/admission/machine-requests.ts";
import { startApp } from "../fixture.ts";

const TICKETS = new Map([
  ["hostile", { machineId: "hostile", connectionEpoch: 1 }],
  ["honest", { machineId: "honest", connectionEpoch: 1 }],
]);

test("a machine that never ends its parts keeps a few of them open, and other machines keep theirs", {
  timeout: 60_000,
}, async (t) => {
  const { open, lines } = await startApp(t, { readTicket: (text) => TICKETS.get(text) ?? null });
  const begin = async (machine: string): Promise<Socket> => {
    const socket = await open();
    socket.write(
      `PUT /agent/v1/parts/1 HTTP/1.1\r\nHost: h\r\nAuthorization: Ticket ${machine}\r\nContent-Length: 5\r\n\r\nab`,
    );
    return socket;
  };
  const honest = await begin("honest");
  const hostile: Socket[] = [];
  for (let n = 0; n < 5 * MAX_REQUESTS_PER_MACHINE; n += 1) hostile.push(await begin("hostile"));
  const openOnes = () => hostile.filter(({ closed }) => !closed);
  for (const socket of hostile) socket.resume();
  await until(() => openOnes().length <= MAX_REQUESTS_PER_MACHINE, "the refusal of the requests over the limit");
  await until(
    () => lines.filter((line) => line.includes('"status":499')).length === 4 * MAX_REQUESTS_PER_MACHINE,
    "the log lines of the withdrawn requests",
  );
  assert.equal(openOnes().length, MAX_REQUESTS_PER_MACHINE);

  const answers: string[] = [];
  for (const socket of [honest, ...openOnes()]) socket.on("data", (chunk) => answers.push(String(chunk)));
  for (const socket of [honest, ...openOnes()]) socket.write("cde");
  await until(() => answers.length === 1 + MAX_REQUESTS_PER_MACHINE, "the responses of all waiting requests");
  for (const answer of answers) assert.match(answer, /^HTTP\/1.1 200 .*"received":5/s);
});

test("requests that begin together are bounded as well, though none of those that were broken off has closed yet", () => {
  const requests = new MachineRequests();
  const responses = Array.from({ length: 5 * MAX_REQUESTS_PER_MACHINE }, () =>
    Object.assign(new EventEmitter(), {
      isDestroyed: false,
      destroy() {
        this.isDestroyed = true;
      },
    }),
  );
  for (const response of responses) requests.began("m1", response);
  const kept = responses.filter(({ isDestroyed }) => !isDestroyed);
  assert.deepEqual(kept, responses.slice(-MAX_REQUESTS_PER_MACHINE));
  for (const response of responses) response.emit("close");
  assert.equal(requests.machineCount, 0);
});

test("a machine that asks too often waits, and other machines do not", async (t) => {
  const machineRate = { perMinute: 1, burst: 2 };
  let looksAtStore = 0;
  const { base } = await startApp(t, {
    machineRate,
    readTicket: (text) => TICKETS.get(text) ?? null,
    isCurrentTicket: () => {
      looksAtStore += 1;
      return true;
    },
  });
  const put = async (machine: string) => {
    const headers = { authorization: `Ticket ${machine}` };
    const response = await fetch(`${base}/agent/v1/parts/1`, { method: "PUT", headers, body: "12345" });
    await response.text();
    return [response.status, Number(response.headers.get("retry-after"))];
  };
  assert.deepEqual(await put("hostile"), [200, 0]);
  assert.deepEqual(await put("hostile"), [200, 0]);
  const [status, retryAfterSeconds] = await put("hostile");
  assert.equal(status, 429);
  assert.ok(retryAfterSeconds);
  assert.equal(looksAtStore, 2, "a refused request costs no look at the store");
  assert.deepEqual(await put("honest"), [200, 0]);
});

test("nothing is remembered of requests that are over", () => {
  const requests = new MachineRequests();
  const responses = Array.from({ length: 20 }, () => {
    const response = new EventEmitter();
    return Object.assign(response, { destroy: () => response.emit("close") });
  });
  for (const response of responses) requests.began("m1", response);
  assert.equal(requests.machineCount, 1);
  for (const response of responses) response.emit("close");
  assert.equal(requests.machineCount, 0);
});
