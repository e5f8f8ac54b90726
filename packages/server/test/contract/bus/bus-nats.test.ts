import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "@nats-io/transport-node";
import { until } from "../../../../protocol/test/support/until.ts";
import { type NatsBus, type NatsBusOptions, natsBus } from "../../../src/bus/nats-bus.ts";
import { answers, NatsServer, natsServerProgram } from "../../support/nats-server.ts";
import { changesOf, describeBus, machineIdOf, saidUntil, wakesOf } from "./bus.contract.ts";

const SHARED_URL = process.env.HALLIGAN_TEST_NATS_URL ?? "nats://127.0.0.1:4222";
const { hostname, port } = new URL(SHARED_URL);
const isShared = await answers(Number(port || 4222), hostname);
const program = natsServerProgram();
const noProgram = program === null && "there is no nats-server on this machine";

/** Lines of the log, so that tests see what an operator would. */
function listeningLog() {
  const lines: { level: "info" | "warn"; text: string }[] = [];
  const write = (level: "info" | "warn") => (fields: unknown, message?: string) =>
    void lines.push({ level, text: `${message} ${JSON.stringify(fields)}` });
  return { lines, log: { info: write("info"), warn: write("warn") } };
}

function openBus(t: TestContext, options: Partial<NatsBusOptions> & { servers: readonly string[] }): NatsBus {
  const bus = natsBus({
    deployment: `test-${randomUUID()}`,
    log: listeningLog().log,
    messagesPerSecond: 1_000_000,
    ...options,
  });
  t.after(() => bus.close());
  return bus;
}

async function twoNodes(t: TestContext, url: string, deployment: string = randomUUID()) {
  const nodes = [openBus(t, { servers: [url], deployment }), openBus(t, { servers: [url], deployment })] as const;
  await until(() => nodes.every(({ isConnected }) => isConnected), "the connections of all nodes");
  return nodes;
}

describeBus(
  "over NATS",
  async (t) => {
    if (isShared) return twoNodes(t, SHARED_URL);
    const server = await NatsServer.start();
    t.after(() => server.kill());
    return twoNodes(t, server.url);
  },
  { skip: !isShared && program === null && `no NATS server answers at ${hostname} and none can be started` },
);

describe("NATS between nodes", { skip: noProgram, timeout: 60_000 }, () => {
  test("a flood ends the connection with all of it that still waits, and what this node says is heard meanwhile", async (t) => {
    await using server = await NatsServer.start();
    const { lines, log } = listeningLog();
    const deployment = randomUUID();
    const bus = openBus(t, { servers: [server.url], deployment, log, messagesPerSecond: 1_000 });
    const others = await connect({ servers: [server.url] });
    t.after(() => others.close());
    await until(() => bus.isConnected, "the connection of the bus");
    const woken = wakesOf(bus);
    const machineId = machineIdOf();
    const wake = JSON.stringify({ machineId });
    for (let n = 0; n < 100_000; n += 1) others.publish(`halligan.${deployment}.wake`, wake);
    await until(
      () => lines.filter(({ text }) => text.startsWith("NATS connected")).length === 2,
      "the second connected line",
    );
    assert.ok(woken.seen.length < 1_000, `${woken.seen.length} of 100,000 wake-ups were heard`);
    const heard: string[] = [];
    others.subscribe(`halligan.${deployment}.wake`, { callback: (_error, { data }) => void heard.push(String(data)) });
    await others.flush();
    bus.wakeMachine(machineIdOf());
    await until(() => heard.length === 1, "the wake");
  });

  test("when the server is killed the own node is still notified at once, and after its restart the others are notified again", async (t) => {
    await using server = await NatsServer.start();
    const [here, there] = await twoNodes(t, server.url);
    const actionId = randomUUID();
    const [own, others, watched] = [wakesOf(here), wakesOf(there), changesOf(there, actionId)];
    await server.kill();
    await until(() => !here.isConnected && !there.isConnected, "the end of both connections");
    const lost = machineIdOf();
    for (let i = 0; i < 10_000; i += 1) here.wakeMachine(lost);
    await Promise.resolve();
    assert.equal(own.seen.length, 10_000);

    await server.startAgain();
    const found = machineIdOf();
    await saidUntil(
      () => here.wakeMachine(found),
      () => others.seen.includes(found),
    );
    await saidUntil(
      () => here.actionChanged(actionId),
      () => watched.seen.length > 0,
    );
    assert.ok(!others.seen.includes(lost), "what was said while it was away is dropped, not sent late");
  });

  test("a bus opens without its server, says so once, and works when the server comes", async (t) => {
    await using server = await NatsServer.start();
    await server.kill();
    const { lines, log } = listeningLog();
    const deployment = randomUUID();
    const here = openBus(t, { servers: [server.url], deployment, log });
    const there = openBus(t, { servers: [server.url], deployment, log });
    const others = wakesOf(there);
    here.wakeMachine(machineIdOf());
    assert.equal(here.isConnected, false);
    await until(() => lines.length >= 2, "two log lines");
    await sleep(1_000);
    assert.equal(lines.filter(({ level }) => level === "warn").length, 2, "one line a bus, not one an attempt");
    await server.startAgain();
    const machineId = machineIdOf();
    await saidUntil(
      () => here.wakeMachine(machineId),
      () => others.seen.includes(machineId),
    );
    assert.equal(lines.filter(({ text }) => text.startsWith("NATS connected")).length, 2);
  });

  test("what a stranger publishes on the subjects is ignored unless it is a message", async (t) => {
    await using server = await NatsServer.start();
    const deployment = "strangers";
    const [here, there] = await twoNodes(t, server.url, deployment);
    const actionId = randomUUID();
    const [wakes, changes] = [wakesOf(there), changesOf(there, actionId)];
    await saidUntil(
      () => {
        here.actionChanged(actionId);
        here.wakeMachine("0".repeat(40));
      },
      () => wakes.seen.length > 0 && changes.seen.length > 0,
    );
    await sleep(20);
    wakes.seen.length = 0;
    changes.seen.length = 0;
    await using stranger = await connect({ servers: server.url });
    const machineId = machineIdOf();
    for (const text of [
      "",
      "null",
      "[]",
      "{",
      "\u0000",
      JSON.stringify({ machineId: 7 }),
      JSON.stringify({ machineId: "../etc" }),
      JSON.stringify({ machineId, more: 1 }),
      JSON.stringify({ machineId: "x".repeat(1_000_000) }),
      JSON.stringify({ type: "gone" }),
      JSON.stringify({ type: "transferred", index: -1, transferredBytes: 1 }),
      JSON.stringify({ type: "transferred", index: 0, transferredBytes: "1" }),
      JSON.stringify({ type: "transferred", index: 0, transferredBytes: 1e300 }),
    ]) {
      stranger.publish(`halligan.${deployment}.wake`, text);
      stranger.publish(`halligan.${deployment}.action.${actionId}`, text);
    }
    stranger.publish(`halligan.${deployment}.wake`, new Uint8Array([0xff, 0xfe, 0x00]));
    // A valid message after all of them: once it has arrived, the others have arrived too.
    stranger.publish(`halligan.${deployment}.wake`, JSON.stringify({ machineId }));
    stranger.publish(`halligan.${deployment}.action.${actionId}`, JSON.stringify({ type: "changed" }));
    await until(() => wakes.seen.length > 0 && changes.seen.length > 0, "a wake and a change");
    assert.deepEqual(wakes.seen, [machineId]);
    assert.deepEqual(changes.seen, ["changed"]);
  });

  test("deployments that share a server do not hear each other", async (t) => {
    await using server = await NatsServer.start();
    const [here, there] = await twoNodes(t, server.url, "one");
    const [another] = await twoNodes(t, server.url, "two");
    const [same, foreign] = [wakesOf(there), wakesOf(another)];
    const machineId = machineIdOf();
    await saidUntil(
      () => here.wakeMachine(machineId),
      () => same.seen.includes(machineId),
    );
    await sleep(20);
    assert.deepEqual(foreign.seen, []);
  });

  test("password and token are used, a wrong one is refused and tried again, and the log has neither", async (t) => {
    for (const [args, right, wrong] of [
      [
        ["--user", "halligan", "--pass", "S3CRET-right"],
        { kind: "password", user: "halligan", password: "S3CRET-right" },
        { kind: "password", user: "halligan", password: "S3CRET-wrong" },
      ],
      [["--auth", "S3CRET-right"], { kind: "token", token: "S3CRET-right" }, { kind: "token", token: "S3CRET-wrong" }],
    ] as const) {
      await using server = await NatsServer.start(args);
      const { lines, log } = listeningLog();
      const servers = [server.url];
      const good = openBus(t, { servers, credentials: right, log });
      await until(() => good.isConnected, "the connection of the bus");
      const refused = openBus(t, { servers, credentials: wrong, log });
      await until(
        () => lines.some(({ level, text }) => level === "warn" && /authorization/i.test(text)),
        "the warning about the authorization",
      );
      assert.equal(refused.isConnected, false);
      assert.ok(!JSON.stringify(lines).includes("S3CRET"), JSON.stringify(lines));
    }
  });

  test("tls:// is not satisfied with a server that speaks plainly", async (t) => {
    await using server = await NatsServer.start();
    const { lines, log } = listeningLog();
    const bus = openBus(t, { servers: [server.url.replace("nats:", "tls:")], log });
    await until(() => lines.length > 0, "a log line");
    assert.match(lines[0]?.text ?? "", /tls/i);
    assert.equal(bus.isConnected, false);
  });

  test("addresses with credentials, of mixed schemes or none are refused without being repeated", () => {
    const { log } = listeningLog();
    for (const servers of [[], ["nats://u:S3CRET@h:1"], ["http://S3CRET"], ["nats://a:1", "tls://b:1"], ["S3CRET"]]) {
      assert.throws(
        () => natsBus({ servers, deployment: "d", log }),
        (error: unknown) => error instanceof Error && !error.message.includes("S3CRET"),
      );
    }
    assert.throws(() => natsBus({ servers: ["nats://a:1"], deployment: "a.b", log }));
    assert.throws(() => natsBus({ servers: ["nats://a:1"], deployment: "*", log }));
  });

  test("a server that takes nothing does not fill the memory of its node", async (t) => {
    // Greets, answers the first ping, and then reads no more.
    const sockets: Socket[] = [];
    const silent = createServer((socket) => {
      sockets.push(socket);
      socket.on("error", () => undefined);
      socket.write(
        `INFO ${JSON.stringify({ server_id: "S", version: "2.9.0", proto: 1, max_payload: 1_048_576 })}\r\n`,
      );
      socket.once("data", () => {
        socket.write("PONG\r\n");
        socket.pause();
      });
    }).listen(0, "127.0.0.1");
    await once(silent, "listening");
    t.after(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const address = silent.address();
    assert.ok(address !== null && typeof address === "object");
    const bus = openBus(t, { servers: [`nats://127.0.0.1:${address.port}`] });
    await until(() => bus.isConnected, "the connection of the bus");
    const before = process.memoryUsage();
    const machineId = machineIdOf();
    for (let i = 0; i < 1_000_000; i += 1) {
      bus.wakeMachine(machineId);
      if (i % 10_000 === 0) await sleep(0);
    }
    const after = process.memoryUsage();
    const grownBytes = after.external - before.external + after.arrayBuffers - before.arrayBuffers;
    assert.ok(grownBytes < 64 * 1024 * 1024, `${grownBytes} bytes for 100 MB of messages`);
  });
});

describe("the cost of the bus", { skip: noProgram, timeout: 60_000 }, () => {
  test("what a message costs its publisher without watchers, and a node that receives every wake-up", async (t) => {
    await using server = await NatsServer.start();
    const [here, there] = await twoNodes(t, server.url);
    const wakes = wakesOf(there);
    const count = 50_000;
    const ids = Array.from({ length: 1_000 }, () => randomUUID());
    const cpu = async (work: (i: number) => void) => {
      const before = process.cpuUsage();
      for (let i = 0; i < count; i += 1) {
        work(i);
        if (i % 500 === 499) await sleep(0);
      }
      await sleep(50);
      const { user, system } = process.cpuUsage(before);
      return ((user + system) / count).toFixed(1);
    };
    const changed = await cpu((i) => here.actionChanged(ids[i % ids.length] ?? ""));
    assert.equal(wakes.seen.length, 0);
    const woken = await cpu(() => here.wakeMachine("0".repeat(40)));
    t.diagnostic(`CPU: ${changed} us for a change without a watcher; ${woken} us for a wake-up, sent and received`);
  });
});
