import assert from "node:assert/strict";
import { test } from "node:test";
import { type AgentFrame, LINK_CLOSE, type Order, type Verdict } from "@halligan/protocol/link";
import { systemClock } from "@halligan/protocol/time";
import { until } from "../../../protocol/test/support/until.ts";
import { fetchFile, script, World } from "../support/fake-ports.ts";

const options = { timeout: 60_000 };

async function linked(world: World, verdict: Verdict | null = "continue"): Promise<void> {
  await until(() => world.net.of("hello").length > 0, "a frame of type hello");
  const orders = world.net.of("hello")[0]?.orders ?? [];
  const answers = verdict ? orders.map(({ actionId, orderSeq }) => ({ actionId, orderSeq, verdict })) : [];
  world.net.send({ type: "helloAnswer", orders: answers });
}

const ref = ({ actionId, orderSeq }: Order) => ({ actionId, orderSeq });

test("commands run one by one and each end is reported", options, async () => {
  await using world = new World();
  world.start();
  await linked(world);
  const order = world.order(1, [script(0), fetchFile(1)]);
  world.net.send(world.frameOf(order));
  await until(() => world.net.of("ended").length === 2, "frame 2 of type ended");
  assert.deepEqual(world.runner.log, ["run 1-0", "transfer 1-1"]);
  assert.deepEqual(
    world.net.sent
      .filter((frame) => frame.type === "started" || frame.type === "ended")
      .map((f) => `${f.type} ${f.index}`),
    ["started 0", "ended 0", "started 1", "ended 1"],
  );
});

test("an order is forgotten with the last acknowledgement, and its number never taken again", options, async () => {
  await using world = new World();
  world.start();
  await linked(world);
  const order = world.order(1, [script(0)]);
  world.net.send(world.frameOf(order));
  await until(() => world.net.of("ended").length === 1, "a frame of type ended");
  world.net.send({ type: "ack", ...ref(order), index: 0 });
  await until(() => world.runner.log.includes("forget 1"), "the runner to forget 1");
  world.net.send(world.frameOf(order));
  await until(() => world.net.of("refused").length === 1, "a frame of type refused");
  assert.equal(world.net.of("refused")[0]?.code, "replayed");
  await world.stop();
  world.start();
  await until(() => world.net.of("hello").length > 0, "a frame of type hello");
  assert.deepEqual([world.net.of("hello")[0]?.highestOrderSeq, world.net.of("hello")[0]?.orders], [1, []]);
});

test("the same order twice runs once, and a second order is refused as busy", options, async () => {
  await using world = new World();
  world.start();
  world.runner.holds = true;
  await linked(world);
  const order = world.order(1, [script(0)]);
  world.net.send(world.frameOf(order));
  world.net.send(world.frameOf(order));
  world.net.send(world.frameOf(world.order(2, [script(0)])));
  await until(() => world.net.of("refused").length === 1, "a frame of type refused");
  assert.deepEqual([world.net.of("refused")[0]?.code, world.net.of("refused")[0]?.orderSeq], ["busy", 2]);
  assert.equal(new Set(world.net.of("started").map(({ startId }) => startId)).size, 1);
  world.runner.finish?.();
  await until(() => world.net.of("ended").length === 1, "a frame of type ended");
  assert.deepEqual(world.runner.log, ["run 1-0", "finished"]);
});

test("after a failed command the later ones stay waiting", options, async () => {
  await using world = new World();
  world.start();
  world.runner.scriptEnd = { outcome: "failed", errors: ["No."], exitCode: -1 };
  await linked(world);
  const order = world.order(1, [script(0), fetchFile(1)]);
  world.net.send(world.frameOf(order));
  await until(() => world.net.of("ended").length === 1, "a frame of type ended");
  world.net.send({ type: "ack", ...ref(order), index: 0 });
  await until(() => world.runner.log.includes("forget 1"), "the runner to forget 1");
  assert.deepEqual(world.runner.log, ["run 1-0", "forget 1"]);
});

test(
  "a script that ran when the agent died is reported interrupted and never run again; what follows stays waiting",
  options,
  async () => {
    await using world = new World();
    world.start();
    world.runner.holds = true;
    await linked(world);
    world.net.send(world.frameOf(world.order(1, [script(0), fetchFile(1)])));
    await until(() => world.runner.log.length === 1, "the runner to start");
    const atCrash = world.disk.bytes;
    await world.stop();
    world.disk.bytes = atCrash;
    world.start();
    await until(() => world.net.of("hello").length > 0, "a frame of type hello");
    assert.deepEqual(world.runner.log, ["orphans 1-0"]);
    await linked(world);
    await until(() => world.net.of("ended").length > 0, "a frame of type ended");
    assert.match(world.net.of("ended")[0]?.errors[0] ?? "", /^Interrupted/);
    assert.deepEqual(world.runner.log, ["orphans 1-0"]);
  },
);

test(
  "a transfer that ran when the agent died starts again, but not before the hello is answered with continue",
  options,
  async () => {
    await using world = new World();
    world.start();
    await linked(world);
    world.net.send(world.frameOf(world.order(1, [fetchFile(0), fetchFile(1)])));
    await until(() => world.net.of("started").length > 0, "a frame of type started");
    const accepted = world.disk.bytes ?? new Uint8Array();
    await world.stop();
    const lines = Buffer.from(accepted).toString().split("\n");
    world.disk.bytes = Buffer.from(`${lines.slice(0, 2).join("\n")}\n`);
    const beginning = world.disk.bytes;
    for (const verdict of [null, "forget"] as const) {
      world.disk.bytes = beginning;
      world.start();
      await until(() => world.net.of("hello").length > 0, "a frame of type hello");
      assert.deepEqual(world.runner.log, []);
      await linked(world, verdict);
      if (verdict) await until(() => world.runner.log.length > 0, "the runner to start");
      await world.stop();
      assert.deepEqual(world.runner.log, verdict ? ["forget 1"] : []);
    }
    world.disk.bytes = beginning;
    world.start();
    await linked(world);
    await until(() => world.runner.log.length === 2, "the runner to start");
    assert.deepEqual(world.runner.log, ["transfer 1-0", "transfer 1-1"]);
  },
);

test("on end, the running script is stopped and reported, then the order is closed", options, async () => {
  await using world = new World();
  world.start();
  world.runner.holds = true;
  await linked(world);
  const order = world.order(1, [script(0), fetchFile(1)]);
  world.net.send(world.frameOf(order));
  await until(() => world.runner.finish !== null, "a running command");
  world.net.send({ type: "end", ...ref(order) });
  await until(() => world.net.of("closed").length === 1, "a frame of type closed");
  assert.deepEqual(
    world.net.sent.slice(-2).map((frame) => frame.type),
    ["ended", "closed"],
  );
  assert.deepEqual(world.runner.log, ["run 1-0", "stopped"]);
  world.net.send({ type: "forget", ...ref(order) });
  await until(() => world.runner.log.includes("forget 1"), "the runner to forget 1");
});

/**
 * Frames are handled in order: when an order that is refused has its answer, everything before it
 * was handled.
 */
async function handled(world: World): Promise<void> {
  const before = world.net.of("refused").length;
  world.net.send(world.frameOf(world.order(9, [script(0)], { journalId: "f".repeat(32) })));
  await until(() => world.net.of("refused").length > before, "another refused frame");
  await new Promise((resolve) => setImmediate(resolve));
}

/** An agent whose script has everything but the server's grant. */
async function ungranted(world: World, order: Order): Promise<Extract<AgentFrame, { type: "started" }>> {
  world.start();
  world.net.grants = false;
  await linked(world);
  world.net.send(world.frameOf(order));
  await until(() => world.runner.prepared.length > 0, "the prepared order");
  const [started] = world.net.of("started");
  assert.ok(started);
  return started;
}

test("a script's process waits for the grant of its very start", options, async () => {
  await using world = new World();
  const started = await ungranted(world, world.order(1, [script(0)]));
  world.net.send({ ...started, type: "startGranted", startId: "f".repeat(32) });
  await handled(world);
  assert.deepEqual(world.runner.log, []);
  world.net.send({ ...started, type: "startGranted" });
  await until(() => world.net.of("ended").length === 1, "a frame of type ended");
  assert.deepEqual(world.runner.log, ["run 1-0"]);
});

test("a start that was not granted is reported again on the next connection, as the same start", options, async () => {
  await using world = new World();
  const started = await ungranted(world, world.order(1, [script(0)]));
  world.net.sent.length = 0;
  world.net.push({ kind: "closed", code: 1006, reason: "" });
  await linked(world);
  await until(() => world.net.of("started").length > 0, "a frame of type started");
  assert.deepEqual(world.net.of("started"), [started]);
  assert.deepEqual(world.runner.log, []);
  world.net.send({ ...started, type: "startGranted" });
  await until(() => world.net.of("ended").length === 1, "a frame of type ended");
  assert.deepEqual([world.runner.log, world.runner.prepared], [["run 1-0"], [0]]);
});

test("after an end before the grant, a script never runs, and a late grant changes nothing", options, async () => {
  await using world = new World();
  const order = world.order(1, [script(0), script(1)]);
  const started = await ungranted(world, order);
  world.net.send({ type: "end", ...ref(order) });
  await until(() => world.net.of("closed").length === 1, "a frame of type closed");
  world.net.send({ ...started, type: "startGranted" });
  await handled(world);
  assert.deepEqual([world.runner.log, world.net.of("ended")[0]?.outcome], [[], "failed"]);
});

test("an agent that stops does not wait for a grant, and never starts that script again", options, async () => {
  await using world = new World();
  await ungranted(world, world.order(1, [script(0)]));
  await world.stop();
  world.start();
  await linked(world);
  await until(() => world.net.of("ended").length === 1, "a frame of type ended");
  assert.deepEqual([world.runner.log, world.runner.prepared], [[], []]);
});

test(
  "after a crash before the script's process, the report says that it is not known whether it ran",
  options,
  async () => {
    await using world = new World();
    await ungranted(world, world.order(1, [script(0)]));
    const atCrash = world.disk.bytes;
    await world.stop();
    world.disk.bytes = atCrash;
    world.start();
    await linked(world);
    await until(() => world.net.of("ended").length === 1, "a frame of type ended");
    assert.match(world.net.of("ended")[0]?.errors[0] ?? "", /^Interrupted: .* whether it ran is not known\.$/);
  },
);

test("without a link the next script stays waiting, so that a crash then does not fail it", options, async () => {
  await using world = new World();
  world.start();
  world.runner.holds = true;
  await linked(world);
  world.net.send(world.frameOf(world.order(1, [script(0), script(1)])));
  await until(() => world.runner.finish !== null, "a running command");
  world.net.sent.length = 0;
  world.net.push({ kind: "closed", code: 1006, reason: "" });
  await until(() => world.net.of("hello").length > 0, "a frame of type hello");
  world.runner.finish?.();
  const journal = () => Buffer.from(world.disk.bytes ?? "").toString();
  const starts = () => journal().split('"type":"started"').length - 1;
  await until(() => journal().includes('"type":"ended"'), "the recorded end");
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(starts(), 1);
  await linked(world);
  await until(() => starts() === 2, "the second start");
});

test("an order that is not held is closed at once, as nothing of it can run", options, async () => {
  await using world = new World();
  world.start();
  await linked(world);
  world.net.send({ type: "end", ...ref(world.order(5, [script(0)])) });
  await until(() => world.net.of("closed").length === 1, "a frame of type closed");
});

test("an order that cannot be written down is refused and not run", options, async () => {
  await using world = new World();
  world.start();
  await linked(world);
  world.disk.isFull = true;
  world.net.send(world.frameOf(world.order(1, [script(0)])));
  await until(() => world.net.of("refused").length === 1, "a frame of type refused");
  assert.equal(world.net.of("refused")[0]?.code, "diskFull");
  assert.deepEqual(world.runner.log, []);
});

test("after a broken connection the agent reconnects and reports the unacknowledged end again", options, async () => {
  await using world = new World();
  world.start();
  await linked(world);
  world.net.send(world.frameOf(world.order(1, [script(0)])));
  await until(() => world.net.of("ended").length === 1, "a frame of type ended");
  world.net.sent.length = 0;
  world.net.push({ kind: "closed", code: 1006, reason: "" });
  await linked(world);
  await until(() => world.net.of("ended").length === 1, "a frame of type ended");
  assert.equal(world.net.connections, 2);
  assert.deepEqual(world.runner.log, ["run 1-0"]);
});

test("a link that falls silent is given up after three intervals, by the monotonic clock", options, async () => {
  await using world = new World();
  let nowMs = 0;
  world.start({
    monotonicMs: () => nowMs,
    after(ms, run) {
      // Pings pass in no time; other waits, which are deadlines here, never do.
      if (ms !== 60_000) return () => undefined;
      const pending = setImmediate(() => {
        nowMs += ms;
        run();
      });
      return () => clearImmediate(pending);
    },
  });
  await linked(world);
  await until(() => world.net.of("ping").length === 4, "frame 4 of type ping");
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(world.net.of("ping").length, 4);
});

test(
  "a report says how long ago its command ended, by a clock that a restart of the agent loses",
  options,
  async () => {
    await using world = new World();
    let aheadMs = 0;
    world.start({ ...systemClock, monotonicMs: () => systemClock.monotonicMs() + aheadMs });
    await linked(world);
    world.net.send(world.frameOf(world.order(1, [script(0)])));
    await until(() => world.net.of("ended").length === 1, "a frame of type ended");
    const hourMs = 3_600_000;
    assert.ok(Number(world.net.of("ended")[0]?.endedAgoMs) < hourMs);
    world.net.sent.length = 0;
    aheadMs = hourMs;
    world.net.push({ kind: "closed", code: 1006, reason: "" });
    await linked(world);
    await until(() => world.net.of("ended").length === 1, "a frame of type ended");
    const agoMs = Number(world.net.of("ended")[0]?.endedAgoMs);
    assert.ok(Number.isInteger(agoMs) && agoMs >= hourMs && agoMs < 2 * hourMs, `${agoMs} ms`);
    await world.stop();
    world.start();
    await linked(world);
    await until(() => world.net.of("ended").length === 1, "a frame of type ended");
    assert.equal(world.net.of("ended")[0]?.endedAgoMs, undefined);
  },
);

test("when the server has retired the machine, what runs is ended and nothing further starts", options, async () => {
  await using world = new World();
  world.start();
  world.runner.holds = true;
  await linked(world);
  world.net.send(world.frameOf(world.order(1, [script(0), script(1)])));
  await until(() => world.runner.log.length === 1, "the runner to start");
  world.net.closeWith(LINK_CLOSE.retired, "the machine was retired");
  await until(() => world.runner.log.includes("stopped"), "the runner to stop");
  assert.deepEqual(world.runner.log, ["run 1-0", "stopped"]);
});
