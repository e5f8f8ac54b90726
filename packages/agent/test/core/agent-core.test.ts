import assert from "node:assert/strict";
import { test } from "node:test";
import { LINK_CLOSE, type Order, OUTPUT_COUNTS } from "@halligan/protocol/link";
import { systemClock } from "@halligan/protocol/time";
import { until } from "../../../protocol/test/support/until.ts";
import { fetchFile, linked, script, World } from "../support/fake-ports.ts";

const options = { timeout: 60_000 };

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

test("the bytes that a script wrote are counted only for a server that takes the counts", options, async () => {
  await using world = new World();
  world.start();
  const output = { stdout: { bytes: 5 }, stderr: { bytes: 3, writtenBytes: 9, isBinary: true } } as const;
  world.runner.output = output;
  await linked(world);
  const order = world.order(1, [script(0)]);
  world.net.send(world.frameOf(order));
  await until(() => world.net.of("ended").length === 1, "a frame of type ended");
  assert.deepEqual(world.net.of("ended")[0]?.result, { kind: "inline", transcript: "{}" });
  // The server was upgraded: what it has not acknowledged is reported again, with the counts.
  await world.stop();
  world.start();
  await until(() => world.net.of("hello").length > 0, "a frame of type hello");
  const orders = [{ ...ref(order), verdict: "continue" as const }];
  world.net.send({ type: "helloAnswer", orders, features: [OUTPUT_COUNTS] });
  await until(() => world.net.of("ended").length === 1, "a frame of type ended");
  assert.deepEqual(world.net.of("ended")[0]?.result, { kind: "inline", transcript: "{}", output });
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
