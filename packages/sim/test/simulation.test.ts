import assert from "node:assert/strict";
import { test } from "node:test";
import { runManySchedules } from "../src/many-schedules.ts";
import { runSchedule } from "../src/schedule.ts";
import { MemoryDatabase } from "../src/server/memory-database.ts";
import { SCHEDULES } from "./schedules.ts";

test("nothing is lost and nothing is done twice, in the first schedules", async () => {
  await runManySchedules(1, SCHEDULES, (outcome) => {
    if (!outcome.violation) return true;
    console.log(outcome.trace.join("\n"));
    assert.fail(`seed ${outcome.seed}: ${outcome.violation.message}; npm run sim -- --seed ${outcome.seed}`);
  });
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
