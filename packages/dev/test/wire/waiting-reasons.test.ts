import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { MachineActionWire, WaitingWire } from "@halligan/protocol/api";
import { Value } from "typebox/value";
import { until } from "../../../protocol/test/support/until.ts";
import { absentMachine } from "./support/absent-machines.ts";
import { getFile, runScript } from "./support/commands.ts";
import { EventStream } from "./support/event-stream.ts";
import { assertError } from "./support/golden.ts";
import { at, listAt, textAt } from "./support/json.ts";
import { onlyHalligan, setUp } from "./support/target.ts";

const withoutContext = ({ "@odata.context": _, ...rest }: MachineActionWire) => rest;

const skip = onlyHalligan("its own interface for what an action waits for");

describe("what an action waits for", { skip, timeout: 180_000 }, () => {
  const here = setUp({ agents: 2, settings: { HALLIGAN_RUNNING_SESSIONS: "1", HALLIGAN_SWEEP_INTERVAL_MS: "1000" } });

  const waitingOf = async (id: string): Promise<WaitingWire> => {
    const { body } = await here().api.get(`/halligan/v1/actions/${id}`);
    const waiting = at(body, "waiting");
    Value.Assert(WaitingWire, waiting);
    return waiting;
  };
  const untilWaitsFor = async <R extends WaitingWire["reason"]>(id: string, reason: R) => {
    const isReason = (waiting: WaitingWire): waiting is Extract<WaitingWire, { reason: R }> =>
      waiting.reason === reason;
    return await until(
      async () => {
        const waiting = await waitingOf(id);
        return isReason(waiting) && waiting;
      },
      `the reason ${reason} of action ${id}`,
      { withinMs: 60_000 },
    );
  };
  /** A script that runs until its file is there. */
  const scriptUntil = async (file: string) =>
    here().library.script("until", `while [ ! -e "${file}" ]; do sleep 0.05; done`);
  const fileOf = () => join(here().world.folder, randomUUID());
  const machines = () => {
    const [first, second] = here().world.machines;
    assert.ok(first && second);
    return [first.id, second.id] as const;
  };
  const reasonsIn = (stream: EventStream) => stream.bodies("waiting").map((body) => textAt(body, "reason"));

  test("a device that never came: in the entity, the timing, the start that waits and the events, and not in the contract's", async () => {
    const { api } = here();
    const machineId = await absentMachine(here());
    const request = { Commands: [getFile("/x")], Comment: "wire test" };
    const started = await api.post(`/halligan/v1/machines/${machineId}/actions?wait=50ms`, request);
    const id = textAt(started.body, "id");
    const waiting = await waitingOf(id);
    assert.ok(waiting.reason === "DeviceOffline");
    assert.equal(waiting.lastSeen, null);
    const entity = (await api.action(id)).body;
    Value.Assert(MachineActionWire, entity);
    assert.equal(waiting.since, entity.creationDateTimeUtc);
    assert.ok(Date.parse(waiting.until ?? "") > Date.parse(entity.creationDateTimeUtc));
    assert.deepEqual(at(started.body, "waiting"), waiting);
    assert.deepEqual(listAt((await api.get(`/halligan/v1/actions/${id}/timing`)).body, "waiting"), [waiting]);
    assert.equal(at(entity, "waiting"), undefined);
    const listed = await api.get(`/api/machineactions?$filter=id eq '${id}'`);
    assert.doesNotMatch(listed.text, /"waiting"/);
    const details = await api.get(`/halligan/v1/actions?$filter=id eq '${id}'&$count=true`);
    assert.deepEqual(listAt(details.body, "value"), [{ ...withoutContext(entity), waiting }]);
    assert.equal(at(details.body, "@odata.count"), 1);
    using stream = await EventStream.open(api, id);
    await stream.until(({ events }) => events.length === 2);
    assert.deepEqual(stream.bodies("waiting"), [waiting]);
    await api.cancel(id);
    await stream.over;
    assert.deepEqual(reasonsIn(stream), ["DeviceOffline"], "one event for each reason");
    assert.equal(at((await api.get(`/halligan/v1/actions/${id}`)).body, "waiting"), undefined);
    assert.deepEqual(listAt((await api.get(`/halligan/v1/actions/${id}/timing`)).body, "waiting"), []);
  });

  test("a device that comes back: the events have each reason once, from DeviceOffline to Running", async () => {
    const { api, world } = here();
    const [machineId] = machines();
    await world.agent(machineId).stop();
    await until(async () => (await world.client.getMachineDetails(machineId)).isConnected === false, "the absence");
    const go = fileOf();
    const id = await api.start(machineId, [runScript(await scriptUntil(go))]);
    const away = await untilWaitsFor(id, "DeviceOffline");
    assert.ok(Date.parse(away.lastSeen ?? "") <= Date.parse(away.since ?? ""));
    using stream = await EventStream.open(api, id);
    await world.startAgent(machineId);
    await stream.until((one) => reasonsIn(one).includes("Running"));
    const running = await untilWaitsFor(id, "Running");
    assert.equal(running.index, 0);
    const startTime = textAt(listAt((await api.action(id)).body, "commands")[0], "startTime");
    assert.equal(running.since, startTime);
    assert.equal(Date.parse(running.until ?? "") - Date.parse(startTime), 10 * 60_000, "the time limit of a script");
    await writeFile(go, "");
    await stream.over;
    const reasons = reasonsIn(stream);
    assert.equal(new Set(reasons).size, reasons.length, reasons.join());
    assert.deepEqual([reasons[0], reasons.at(-1)], ["DeviceOffline", "Running"]);
  });

  test("a session slot: the position in the queue, until the slot is free", async () => {
    const { api, world } = here();
    const [first, second] = machines();
    const [go, other] = [fileOf(), fileOf()];
    await world.agent(second).stop();
    await until(async () => (await world.client.getMachineDetails(second)).isConnected === false, "the absence");
    const holder = await api.start(first, [runScript(await scriptUntil(go))]);
    await untilWaitsFor(holder, "Running");
    const id = await api.start(second, [runScript(await scriptUntil(other))]);
    await untilWaitsFor(id, "DeviceOffline");
    await world.startAgent(second);
    const waiting = await untilWaitsFor(id, "SessionLimit");
    assert.equal(waiting.position, 1);
    assert.equal(textAt((await api.action(id)).body, "status"), "Pending");
    await writeFile(go, "");
    await untilWaitsFor(id, "Running");
    await writeFile(other, "");
    await api.waitForEnd(id);
  });

  test("a file that is collected, and the order of a cancelled action that its device has not ended", async () => {
    const { api, world } = here();
    const [machineId] = machines();
    const large = fileOf();
    await using file = await open(large, "w");
    await file.truncate(2 * 1024 ** 3);
    const id = await api.start(machineId, [getFile(large)]);
    const transferring = await untilWaitsFor(id, "Transferring");
    assert.equal(transferring.index, 0);
    assert.ok(Date.parse(transferring.until ?? "") > Date.parse(transferring.since ?? ""));
    const agent = world.agent(machineId);
    agent.kill("SIGSTOP");
    try {
      await api.cancel(id);
      const next = await api.start(machineId, [getFile("/etc/hosts")]);
      const ending = await untilWaitsFor(next, "PreviousActionEnding");
      assert.equal(ending.actionId, id);
      agent.kill("SIGCONT");
      await api.waitForEnd(next);
    } finally {
      agent.kill("SIGCONT");
    }
  });

  test("a device that goes away while its script runs; a quarantine ends the action, and no other is accepted", async () => {
    const { api, world } = here();
    const [machineId] = machines();
    const id = await api.start(machineId, [runScript(await scriptUntil(fileOf()))]);
    await untilWaitsFor(id, "Running");
    const agent = world.agent(machineId);
    agent.kill("SIGKILL");
    await agent.exited;
    const away = await untilWaitsFor(id, "DeviceOfflineWhileRunning");
    assert.equal(away.index, 0);
    assert.ok(Date.parse(away.until ?? "") > Date.parse(away.since ?? ""));
    const quarantine = await api.post(`/halligan/v1/machines/${machineId}/quarantine`, { reason: "wire test" });
    assert.equal(quarantine.status, 200, quarantine.text);
    const ended = (await api.get(`/halligan/v1/actions/${id}`)).body;
    assert.deepEqual([textAt(ended, "status"), at(ended, "waiting")], ["Failed", undefined]);
    const refused = await api.run(machineId, [getFile("/x")]);
    assertError(refused, refused.status, textAt(at(refused.body, "error"), "code"), /quarantine/);
  });
});
