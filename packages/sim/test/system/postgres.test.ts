import assert from "node:assert/strict";
import { test } from "node:test";
import { openTestPostgres } from "../../../server/test/support/postgres-databases.ts";
import { runManySchedulesOnPostgres } from "../../src/many-schedules.ts";
import { Summary } from "../../src/summary.ts";

/**
 * What fits into some seconds. More of them: `npm run sim -- --store postgres --schedules N --from
 * SEED`.
 */
const SCHEDULES = 10;
const THREADS = 2;

/**
 * What only nodes that share a database know; without them the schedules show little that SQLite
 * does not.
 */
const FAULTS_OF_A_CLUSTER = [
  "node cut off from the database",
  "wake-up between nodes lost",
  "server crash at a commit",
];

const postgres = await openTestPostgres();

test("nothing is lost and nothing is done twice over PostgreSQL, on one node or two", {
  skip: typeof postgres === "string" && postgres,
}, async () => {
  if (typeof postgres === "string") return;
  await using opened = new AsyncDisposableStack();
  opened.use(postgres);
  const urls: string[] = [];
  while (urls.length < THREADS) urls.push(opened.use(await postgres.createDatabase()).url);
  const summary = new Summary();
  await runManySchedulesOnPostgres(
    1,
    SCHEDULES,
    (outcome) => {
      summary.add(outcome);
      if (!outcome.violation) return true;
      console.log(outcome.trace.join("\n"));
      const again = `npm run sim -- --store postgres --seed ${outcome.seed}`;
      assert.fail(`seed ${outcome.seed}: ${outcome.violation.message}; the same faults again: ${again}`);
    },
    urls,
  );
  for (const kind of FAULTS_OF_A_CLUSTER) assert.ok(summary.faults.has(kind), `there was no ${kind}`);
});
