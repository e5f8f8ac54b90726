import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { LINK_CLOSE } from "@halligan/protocol/link";
import { systemClock } from "@halligan/protocol/time";
import { until } from "../../../protocol/test/support/until.ts";
import { LIMITS } from "../../src/limits.ts";
import { script, World } from "../support/fake-ports.ts";

const options = { timeout: 60_000 };

async function linked(world: World): Promise<void> {
  await until(() => world.net.of("hello").length > 0, "a frame of type hello");
  world.net.send({ type: "helloAnswer", orders: [] });
}

/** A clock that runs ahead as the test says. */
function movable() {
  const moved = { aheadMs: 0, clock: { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + moved.aheadMs } };
  return moved;
}

test("a grant that was under way for too long starts nothing and is asked for again", options, async () => {
  await using world = new World();
  const time = movable();
  world.net.grants = false;
  world.start(time.clock);
  world.net.grants = false;
  await linked(world);
  world.net.send(world.frameOf(world.order(1, [script(0)])));
  await until(() => world.net.of("started").length === 1, "a frame of type started");
  const [started] = world.net.of("started");
  assert.ok(started && world.net.seal);
  time.aheadMs = LIMITS.maxGrantAgeMs + 5_000;
  world.net.send({ ...started, type: "startGranted" });
  await until(() => world.net.of("started").length === 2, "frame 2 of type started");
  assert.deepEqual(world.runner.log, []);
  world.net.seal.linkMs = () => time.aheadMs;
  world.net.send({ ...started, type: "startGranted" });
  await until(() => world.net.of("ended").length === 1, "a frame of type ended");
  assert.deepEqual(world.runner.log, ["run 1-0"]);
});

test("an order that was under way for too long is refused as late", options, async () => {
  await using world = new World();
  const time = movable();
  world.start(time.clock);
  await linked(world);
  await until(() => world.net.of("ping").length > 0, "a frame of type ping");
  time.aheadMs = LIMITS.maxGrantAgeMs + 5_000;
  world.net.send(world.frameOf(world.order(1, [script(0)], { acceptByMs: Number.MAX_SAFE_INTEGER })));
  await until(() => world.net.of("refused").length === 1, "a frame of type refused");
  assert.equal(world.net.of("refused")[0]?.code, "late");
});

test("a close frame without proof does not make a device end what it runs", options, async () => {
  await using world = new World();
  world.start();
  world.runner.holds = true;
  await linked(world);
  world.net.send(world.frameOf(world.order(1, [script(0)])));
  await until(() => world.runner.log.length === 1, "the runner to start");
  world.net.push({ kind: "closed", code: LINK_CLOSE.retired, reason: "the machine was retired" });
  await until(() => world.net.connections === 2, "the second connection");
  assert.deepEqual(world.runner.log, ["run 1-0"]);
});

for (const [what, breakIt] of [
  ["changed", (text: string) => [text.replace('"pong"', '"gong"')]],
  ["repeated", (text: string) => [text, text]],
  ["not sealed", () => ['{"type":"pong","serverTimeMs":1}']],
] as const) {
  test(`a frame that was ${what} ends the connection`, options, async () => {
    await using world = new World();
    world.start();
    await linked(world);
    const { seal } = world.net;
    assert.ok(seal);
    const sealed = seal.seal({ type: "pong", serverTimeMs: 1_000_000 });
    for (const text of breakIt(sealed)) world.net.push({ kind: "text", text });
    await until(() => world.net.connections === 2, "the second connection");
  });
}

test("a server that does not have the pinned order key is not said hello to", options, async () => {
  await using world = new World();
  world.signer = generateKeyPairSync("ed25519").privateKey;
  world.start();
  await until(() => world.net.connections > 1, "the second connection");
  assert.deepEqual(world.net.sent, []);
});
