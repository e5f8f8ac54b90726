import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../../protocol/test/support/until.ts";
import { snapshot } from "../../src/core/journal/journal.ts";
import { readJournal } from "../../src/core/journal/journal-text.ts";
import { script, World } from "../support/fake-ports.ts";

const options = { timeout: 60_000 };
const value = (number: number) => `${number}.${"a".repeat(32)}.${"b".repeat(43)}`;

/** Up to the answer of the first hello, which offers this value. */
async function offered(world: World, rollingValue: string): Promise<void> {
  await until(() => world.net.of("hello").length > 0, "a frame of type hello");
  world.net.send({ type: "helloAnswer", orders: [], rollingValue });
}

const onDisk = (world: World): string | null => {
  const read = readJournal(world.disk.bytes ?? new Uint8Array());
  return read.kind === "read" ? read.state.rollingValue : null;
};

test("an offered value is on disk when it is confirmed, and the next process presents it", options, async () => {
  await using world = new World();
  world.start();
  await offered(world, value(1));
  await until(() => world.net.of("kept").length === 1, "a frame of type kept");
  assert.equal(onDisk(world), value(1));
  assert.equal(world.net.of("kept")[0]?.rollingValue, value(1));
  const first = world.net.of("hello")[0]?.continuity;
  await world.stop();
  world.start();
  await until(() => world.net.of("hello").length > 0, "a frame of type hello");
  assert.deepEqual([first?.rollingValue, world.net.of("hello")[0]?.continuity?.rollingValue], [null, value(1)]);
});

test(
  "while the disk refuses, the value before is presented and an order is refused; the value is confirmed once it is written",
  options,
  async () => {
    await using world = new World();
    world.start();
    await offered(world, value(1));
    await until(() => world.net.of("kept").length === 1, "a frame of type kept");
    await world.stop();
    world.start();
    world.disk.isFull = true;
    await offered(world, value(2));
    world.net.send(world.frameOf(world.order(1, [script(0)])));
    await until(() => world.net.of("refused").length === 1, "a frame of type refused");
    assert.deepEqual(
      [world.net.of("refused")[0]?.code, world.net.of("kept"), onDisk(world)],
      ["diskFull", [], value(1)],
    );
    world.disk.isFull = false;
    await until(() => world.net.of("kept").length === 1, "a frame of type kept");
    assert.equal(onDisk(world), value(2));
  },
);

test(
  "an order that is taken before the value could be written makes it durable in the same write",
  options,
  async () => {
    await using world = new World();
    world.start();
    world.disk.failures = 1;
    await offered(world, value(3));
    world.net.send(world.frameOf(world.order(1, [script(0)])));
    await until(() => world.net.of("started").length === 1, "a frame of type started");
    assert.equal(onDisk(world), value(3));
    const order = world.net.sent.map(({ type }) => type).filter((type) => type === "kept" || type === "started");
    assert.deepEqual(order, ["kept", "started"]);
  },
);

test("a value survives the journal's compaction", options, async () => {
  await using world = new World();
  world.start();
  await offered(world, value(4));
  await until(() => world.net.of("kept").length === 1, "a frame of type kept");
  const read = readJournal(world.disk.bytes ?? new Uint8Array());
  assert.ok(read.kind === "read");
  assert.ok(snapshot(read.state).some((record) => record.type === "rollingValue" && record.value === value(4)));
});

test("a probe is answered with its nonce", options, async () => {
  await using world = new World();
  world.start();
  await offered(world, value(1));
  world.net.send({ type: "probe", nonce: "c".repeat(32) });
  await until(() => world.net.of("probeAnswer").length === 1, "a frame of type probeAnswer");
  assert.equal(world.net.of("probeAnswer")[0]?.nonce, "c".repeat(32));
});
