import assert from "node:assert/strict";
import { test } from "node:test";
import { LINK_CLOSE } from "@halligan/protocol/link";
import { until } from "../../../protocol/test/support/until.ts";
import type { OwnersLog, OwnersLogEvent } from "../../src/core/owners-log/owners-log.ts";
import { fetchFile, linked, script, World } from "../support/fake-ports.ts";

const options = { timeout: 60_000 };

class MemoryLog implements OwnersLog {
  readonly events: OwnersLogEvent[] = [];
  isFull = false;
  isBroken = false;
  require(event: OwnersLogEvent): void {
    if (this.isFull) throw new Error("no space");
    this.events.push(event);
  }
  write(event: OwnersLogEvent): void {
    this.events.push(event);
  }
  async synced(): Promise<void> {
    if (this.isBroken) throw new Error("the disk is broken");
  }
  get names(): string[] {
    return this.events.map(({ event }) => event);
  }
}

const origin = { requestor: "Ann", requestorId: "u-1", application: "app-1", comment: "why", requestedMs: 5 };

function worldWith(log: MemoryLog): World {
  const world = new World();
  world.ownersLog = log;
  world.start();
  return world;
}

test("the log has the order before its script starts, and each start and end", options, async () => {
  const log = new MemoryLog();
  await using world = worldWith(log);
  world.net.grants = false;
  await linked(world);
  const command = { ...script(0), args: "-v x", runAs: "backup" } as ReturnType<typeof script>;
  const order = world.order(1, [command, fetchFile(1)], { origin });
  world.net.send(world.frameOf(order));
  await until(() => world.runner.prepared.length === 1, "the prepared script");
  assert.deepEqual(log.names, ["accepted", "started"]);
  assert.deepEqual(world.runner.log, []);
  assert.deepEqual(log.events[0], {
    event: "accepted",
    actionId: order.actionId,
    orderSeq: 1,
    origin,
    commands: [
      {
        index: 0,
        type: "RunScript",
        target: "a.sh",
        args: "-v x",
        sha256: "0".repeat(64),
        sizeBytes: 1,
        runAs: "backup",
      },
      { index: 1, type: "GetFile", target: "/etc/hostname" },
    ],
  });
  for (const started of world.net.of("started")) world.net.send({ ...started, type: "startGranted" });
  await until(() => world.net.of("ended").length === 2, "frame 2 of type ended");
  await until(() => log.names.length === 5, "the last entry");
  assert.deepEqual(log.names, ["accepted", "started", "ended", "started", "ended"]);
  const { actionId } = order;
  const sha256 = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
  const end = { event: "ended", actionId, index: 0, type: "RunScript", outcome: "completed", exitCode: 0 } as const;
  assert.deepEqual(log.events[2], { ...end, sha256, sizeBytes: 2 });
});

test("the journal does not keep the origin, so that an earlier release can read it", options, async () => {
  await using world = worldWith(new MemoryLog());
  await linked(world);
  world.net.send(world.frameOf(world.order(1, [fetchFile(0)], { origin })));
  await until(() => world.net.of("ended").length === 1, "a frame of type ended");
  assert.doesNotMatch(Buffer.from(world.disk.bytes ?? []).toString(), /origin|Ann/);
});

test("an order that the log cannot take is refused as diskFull, and nothing of it runs", options, async () => {
  const log = new MemoryLog();
  log.isFull = true;
  await using world = worldWith(log);
  await linked(world);
  world.net.send(world.frameOf(world.order(1, [script(0)])));
  await until(() => world.net.of("refused").length === 1, "a frame of type refused");
  assert.equal(world.net.of("refused")[0]?.code, "diskFull");
  assert.deepEqual(world.runner.log, []);
});

test("a log that cannot be synced lets no script and no transfer run", options, async () => {
  const log = new MemoryLog();
  log.isBroken = true;
  await using world = worldWith(log);
  await linked(world);
  world.net.send(world.frameOf(world.order(1, [script(0)])));
  await until(() => world.net.of("ended").length === 1, "a frame of type ended");
  const first = world.net.of("ended")[0];
  world.net.send({ type: "ack", actionId: first?.actionId ?? "", orderSeq: 1, index: 0 });
  world.net.send(world.frameOf(world.order(2, [fetchFile(0)])));
  await until(() => world.net.of("ended").length === 2, "frame 2 of type ended");
  assert.deepEqual(
    world.net.of("ended").map(({ outcome }) => outcome),
    ["failed", "failed"],
  );
  assert.deepEqual(
    world.runner.log.filter((line) => /run|transfer/.test(line)),
    [],
  );
});

test("a cancel is logged with who did it, and once", options, async () => {
  const log = new MemoryLog();
  await using world = worldWith(log);
  world.runner.holds = true;
  await linked(world);
  const order = world.order(1, [script(0)]);
  world.net.send(world.frameOf(order));
  await until(() => world.runner.log.length === 1, "the run");
  const { actionId } = order;
  const by = { requestor: "Bob", comment: "enough" };
  for (let times = 0; times < 2; times++) world.net.send({ type: "end", actionId, orderSeq: 1, cancelledBy: by });
  await until(() => world.net.of("closed").length > 0, "a frame of type closed");
  const cancelled = log.events.filter(({ event }) => event === "cancelled");
  assert.deepEqual(cancelled, [{ event: "cancelled", actionId, by }]);
});

test("a script that was cut off by the end of the agent is logged as interrupted", options, async () => {
  const log = new MemoryLog();
  await using world = worldWith(log);
  world.runner.holds = true;
  await linked(world);
  world.net.send(world.frameOf(world.order(1, [script(0)])));
  await until(() => world.runner.log.length === 1, "the run");
  // As after a crash: a second agent on the disk that the first one left.
  const bytes = world.disk.bytes;
  await using after = new World();
  after.disk.bytes = bytes;
  after.ownersLog = new MemoryLog();
  after.start();
  await until(() => after.net.of("hello").length > 0, "a frame of type hello");
  assert.deepEqual((after.ownersLog as MemoryLog).names, ["interrupted"]);
});

test("a retirement is logged once, however often the agent asks", options, async () => {
  const log = new MemoryLog();
  await using world = new World();
  world.ownersLog = log;
  world.settings = { ...world.settings, backoffCapMs: 10 };
  world.start();
  for (let connection = 1; connection <= 3; connection++) {
    await until(() => world.net.of("hello").length === connection, `hello ${connection}`);
    world.net.closeWith(LINK_CLOSE.retired, "the machine was retired");
  }
  await until(() => world.net.of("hello").length === 4, "hello 4");
  assert.deepEqual(log.names, ["retired"]);
});
