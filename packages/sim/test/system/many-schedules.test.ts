import assert from "node:assert/strict";
import { test } from "node:test";
import { runManySchedules } from "../../src/many-schedules.ts";
import { Summary } from "../../src/summary.ts";
import { MANY_SCHEDULES } from "../schedules.ts";

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
  await runManySchedules(1, MANY_SCHEDULES, (outcome) => {
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
