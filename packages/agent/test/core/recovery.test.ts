import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "@halligan/protocol/time";
import { JournalWriter } from "../../src/core/journal/journal-writer.ts";
import { endUnknownOrphans } from "../../src/core/orders/recovery.ts";
import { DEFAULT_SETTINGS } from "../../src/settings.ts";
import { FakeRunner, MemoryDisk, silentLog } from "../support/fake-ports.ts";

test("what a lost journal's scripts left is ended before a new journal is begun, as a crash in between leaves it undone", async () => {
  const disk = new MemoryDisk();
  const runner = new FakeRunner();
  const journalAtTheEnd: (Uint8Array | null)[] = [];
  runner.endAllOrphans = async () => {
    journalAtTheEnd.push(disk.bytes);
    return [];
  };
  const deps = {
    disk,
    clock: systemClock,
    log: silentLog,
    settings: DEFAULT_SETTINGS,
    random: { fraction: () => 0, id: () => "1".repeat(32) },
  };
  await JournalWriter.open(deps, () => endUnknownOrphans(runner, silentLog));
  assert.deepEqual(journalAtTheEnd, [null]);
  assert.notEqual(disk.bytes, null);
  await JournalWriter.open(deps, () => endUnknownOrphans(runner, silentLog));
  assert.equal(journalAtTheEnd.length, 1);
});
