import { after, test } from "node:test";
import { openTestPostgres } from "../../support/postgres-databases.ts";
import { RUNS } from "../../unit/odata/runs.ts";
import { describeLists } from "./odata-lists.contract.ts";
import { PostgresLists } from "./odata-postgres.ts";

const postgres = await openTestPostgres();
if (typeof postgres === "string") test(`lists: PostgreSQL (${postgres})`, { skip: postgres });
else {
  // Another process plans each filter again, so a quarter as many filters take about the same time.
  describeLists("PostgreSQL", () => PostgresLists.open(postgres), Math.ceil(RUNS / 4));
  after(() => postgres[Symbol.asyncDispose]());
}
