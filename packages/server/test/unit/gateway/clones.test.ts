import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { type Hello, LINK_CLOSE, LINK_VERSION, OLDEST_LINK_VERSION } from "@halligan/protocol/link";
import { until } from "../../../../protocol/test/support/until.ts";
import { makeRollingValue } from "../../../src/auth/signatures/rolling-value.ts";
import { Gateway, PROBE_MS } from "../../../src/gateway/gateway.ts";
import { MACHINE_ID, START_ID, sampleAction, sampleOrder } from "../domain/sample-action.ts";
import { openService, type Service } from "../service/service-fixture.ts";
import { type DeviceOnALink, enrolledMachine } from "./connected-device.ts";

const JOURNAL = "1".repeat(32);
const PING_INTERVAL_MS = 20_000;
const options = { timeout: 60_000 };

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const process = (digit: string) => digit.repeat(32);

async function openGateway(version = LINK_VERSION) {
  const evidence: string[] = [];
  const service = await openService();
  const measures = { ...service.measures, quarantined: (what: string) => evidence.push(what) };
  const gateway = new Gateway({ ...service, measures }, { pingIntervalMs: PING_INTERVAL_MS, maxConnections: 10 });
  const link = await enrolledMachine(service, version);
  return {
    service,
    evidence,
    /** Connects up to its hello. */
    async says(processId: string, rollingValue: string | null, change: Partial<Hello> = {}): Promise<DeviceOnALink> {
      const device = link(gateway);
      await until(() => device.isWelcome, "the welcome frame");
      device.hello({ journalId: JOURNAL, continuity: { processId, rollingValue }, ...change });
      return device;
    },
    async welcomed(): Promise<DeviceOnALink> {
      const device = link(gateway);
      await until(() => device.isWelcome, "the welcome frame");
      return device;
    },
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await service[Symbol.asyncDispose]();
    },
  };
}

const offered = async (device: DeviceOnALink): Promise<string> => {
  await until(
    () => device.has("helloAnswer") || device.closeCode !== null,
    "a helloAnswer frame or the end of the connection",
  );
  const answer = device.frames.find((frame) => frame.type === "helloAnswer");
  assert.ok(answer?.type === "helloAnswer", `closed with ${device.closeCode}`);
  return answer.rollingValue ?? "";
};

/** All frames before a ping were handled when its pong arrives. */
async function handled(device: DeviceOnALink): Promise<void> {
  const pongs = () => device.frames.filter(({ type }) => type === "pong").length;
  const before = pongs();
  device.ping();
  await until(() => pongs() > before || device.closeCode !== null, "a pong or the end of the connection");
}

const isQuarantined = async ({ store }: Service): Promise<boolean> =>
  (await store.read((tx) => tx.machines.byId(MACHINE_ID)))?.quarantined === true;

test("an offer that the device did not keep, or kept without confirming it, makes nothing old", options, async () => {
  await using at = await openGateway();
  let own: string | null = null;
  for (const fate of ["lost", "kept", "lost", "confirmed", "kept", "lost", "confirmed"]) {
    const device = await at.says(process("a"), own);
    const value = await offered(device);
    if (fate !== "lost") own = value;
    if (fate === "confirmed") device.send({ type: "kept", rollingValue: value });
    await handled(device);
    device.vanish();
  }
  assert.equal(await isQuarantined(at.service), false);
});

test("a copy that presents the value before is not answered, and both are closed", options, async () => {
  await using at = await openGateway();
  const first = await at.says(process("a"), null);
  const old = await offered(first);
  first.send({ type: "kept", rollingValue: old });
  await handled(first);
  first.vanish();
  const again = await at.says(process("b"), old);
  again.send({ type: "kept", rollingValue: await offered(again) });
  await handled(again);
  again.vanish();
  const copy = await at.says(process("c"), old);
  await until(() => copy.closeCode !== null, "the end of the connection");
  assert.deepEqual([copy.closeCode, copy.has("helloAnswer")], [LINK_CLOSE.quarantined, false]);
  assert.deepEqual([await isQuarantined(at.service), at.evidence], [true, ["OldRollingValue"]]);
  const { records } = await at.service.store.read((tx) =>
    tx.audit.list(
      {
        machineId: MACHINE_ID,
        operations: ["QuarantineMachine"],
        actionId: null,
        actorId: null,
        beforeSeq: null,
        limit: 10,
      },
      { kind: "all" },
    ),
  );
  assert.equal(records.length, 1);
});

test(
  "another process is let in only after the older link did not answer a probe, and a late frame of it proves nothing",
  options,
  async () => {
    await using at = await openGateway();
    const before = await at.says(process("a"), null);
    await offered(before);
    const restarted = await at.says(process("b"), null);
    await until(() => before.has("probe"), "a probe frame");
    // Sent before the process ended, and delayed in the network.
    before.ping();
    await turn();
    assert.equal(restarted.has("helloAnswer"), false);
    at.service.clock.pass(PROBE_MS);
    await offered(restarted);
    assert.deepEqual([before.closeCode, await isQuarantined(at.service)], [LINK_CLOSE.silent, false]);
  },
);

test("two processes that live at once prove a copy before either is granted anything", options, async () => {
  await using at = await openGateway();
  const original = await at.says(process("a"), null);
  await offered(original);
  const copy = await at.says(process("b"), null);
  await until(() => original.has("probe"), "a probe frame");
  const probe = original.frames.find((frame) => frame.type === "probe");
  assert.ok(probe?.type === "probe");
  original.send({ type: "probeAnswer", nonce: probe.nonce });
  await until(() => original.closeCode !== null && copy.closeCode !== null, "the end of both connections");
  assert.deepEqual([original.closeCode, copy.closeCode], [LINK_CLOSE.quarantined, LINK_CLOSE.quarantined]);
  assert.deepEqual([copy.has("helloAnswer"), at.evidence], [false, ["TwoProcesses"]]);
});

test(
  "a process that comes back after another one proves a copy, although no value was confirmed",
  options,
  async () => {
    await using at = await openGateway();
    for (const digit of ["a", "b"]) {
      const device = await at.says(process(digit), null);
      await offered(device);
      device.vanish();
      await turn();
    }
    const back = await at.says(process("a"), null);
    await until(() => back.closeCode !== null, "the end of the connection");
    assert.deepEqual([back.closeCode, at.evidence], [LINK_CLOSE.quarantined, ["ProcessReturned"]]);
  },
);

test(
  "no start is granted before the value of the connection is confirmed; reported again afterwards, it is",
  options,
  async () => {
    await using at = await openGateway();
    const order = sampleOrder({ journalId: JOURNAL });
    const { id: actionId } = sampleAction();
    await at.service.store.write((tx) => tx.actions.insert(sampleAction({ order })));
    const { orderSeq } = order;
    const orders = [{ actionId, orderSeq, commands: [{ index: 0, state: "running" as const }] }];
    const device = await at.says(process("a"), null, { orders, highestOrderSeq: orderSeq });
    const value = await offered(device);
    const started = { type: "started", actionId, orderSeq, index: 0, startId: START_ID } as const;
    device.send(started);
    await handled(device);
    assert.equal(device.has("startGranted"), false);
    device.send({ type: "kept", rollingValue: value });
    device.send(started);
    await handled(device);
    assert.equal(device.has("startGranted"), true);
  },
);

test(
  "a newer value of another key is refused with its remedy in the log, and is no proof of a copy",
  options,
  async () => {
    await using at = await openGateway();
    const foreign = makeRollingValue(MACHINE_ID, 40, randomBytes, randomBytes(32)).text;
    const device = await at.says(process("a"), foreign);
    await until(() => device.closeCode !== null, "the end of the connection");
    assert.deepEqual([device.closeCode, await isQuarantined(at.service)], [LINK_CLOSE.unauthorized, false]);
    const genuine = makeRollingValue(MACHINE_ID, 40, randomBytes, at.service.keys.linkTicket.signing).text;
    assert.match(await offered(await at.says(process("b"), genuine)), /^41\./);
  },
);

test("a hello belongs to the version of its link, and version 1 is offered no value", options, async () => {
  for (const [version, continuity] of [
    [LINK_VERSION, undefined],
    [OLDEST_LINK_VERSION, { processId: process("a"), rollingValue: null }],
  ] as const) {
    await using at = await openGateway(version);
    const device = await at.welcomed();
    device.hello({ journalId: JOURNAL, ...(continuity && { continuity }) });
    await until(() => device.closeCode !== null, "the end of the connection");
    assert.equal(device.closeCode, LINK_CLOSE.protocol);
  }
  await using at = await openGateway(OLDEST_LINK_VERSION);
  const device = await at.welcomed();
  device.hello({ journalId: JOURNAL });
  assert.equal(await offered(device), "");
});
