import assert from "node:assert/strict";
import { test } from "node:test";
import type { AgentFrame, Order } from "@halligan/protocol/link";
import { until } from "../../../protocol/test/support/until.ts";
import { linked, script, World } from "../support/fake-ports.ts";

const options = { timeout: 60_000 };

const ref = ({ actionId, orderSeq }: Order) => ({ actionId, orderSeq });

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
