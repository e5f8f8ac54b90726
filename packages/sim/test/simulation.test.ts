import assert from "node:assert/strict";
import { test } from "node:test";
import { runManySchedules } from "../src/many-schedules.ts";
import { runSchedule } from "../src/schedule.ts";
import { MemoryDatabase } from "../src/server/memory-database.ts";
import { Summary } from "../src/summary.ts";
import { SCHEDULES } from "./schedules.ts";

/** Each kind must have happened this often, or the schedules show nothing about it. */
const LEAST_OF_EACH_FAULT = 10;

const FAULTS = [
  "agent crash",
  "agent crash at a write",
  "agent stopped",
  "answer lost",
  "copies take turns",
  "device cloned",
  "device copied with its journal",
  "device disk full",
  "device gone",
  "device offline",
  "device set back",
  "device wiped",
  "frame changed by a proxy",
  "frame delayed by a proxy",
  "frame dropped by a proxy",
  "frame forged by a proxy",
  "frame repeated by a proxy",
  "half-open: agent unaware",
  "half-open: nobody aware",
  "half-open: server unaware",
  "link broken",
  "machine reinstated",
  "machine retired",
  "power cut",
  "request arrives twice",
  "request lost",
  "result changed by a proxy",
  "server clock jumps",
  "server crash",
  "server crash at a commit",
  "server disk full",
  "server restart",
  "server set back",
  "wake-up lost",
];

test("nothing is lost and nothing is done twice, whatever fails in whatever order", async () => {
  const summary = new Summary();
  await runManySchedules(1, SCHEDULES, (outcome) => {
    summary.add(outcome);
    if (!outcome.violation) return true;
    console.log(outcome.trace.join("\n"));
    assert.fail(`seed ${outcome.seed}: ${outcome.violation.message}; npm run sim -- --seed ${outcome.seed}`);
  });
  for (const kind of FAULTS) {
    const count = summary.faults.get(kind) ?? 0;
    assert.ok(count >= LEAST_OF_EACH_FAULT, `${kind} came ${count} times`);
  }
});

test("a seed gives the same run each time, whatever ran before it", async () => {
  const [one, other] = [await MemoryDatabase.open(), await MemoryDatabase.open()];
  await runSchedule(41, other);
  for (const seed of [42, 43]) {
    const [first, second] = [await runSchedule(seed, one), await runSchedule(seed, other)];
    assert.deepEqual(second.trace, first.trace);
    assert.deepEqual([second.traceSha256, second.steps], [first.traceSha256, first.steps]);
  }
  assert.notEqual((await runSchedule(44, one)).traceSha256, (await runSchedule(43, one)).traceSha256);
});

test("a run is worth its time: actions succeed, fail, time out and are cancelled", async () => {
  const database = await MemoryDatabase.open();
  const statuses = new Set<string>();
  for (let seed = 1; seed <= 40; seed += 1) {
    await runSchedule(seed, database);
    for (const { status } of database.actions()) statuses.add(status);
  }
  assert.deepEqual([...statuses].toSorted(), ["Cancelled", "Failed", "Succeeded", "TimeOut"]);
});
