/**
 * The part of the wire suite in which engines could differ (order, filters and paging, what two
 * requests at once may do, what is counted) on PostgreSQL. The whole of it:
 * HALLIGAN_TEST_STORE=postgres, see CONTRIBUTING.md.
 */
import { test } from "node:test";
import { openTestPostgres } from "../../../../server/test/support/postgres-databases.ts";

const postgres = await openTestPostgres();
if (typeof postgres === "string") {
  test("the wire suite on PostgreSQL", { skip: postgres });
} else {
  await postgres[Symbol.asyncDispose]();
  // Read when the set-up runs, which is after these imports.
  process.env.HALLIGAN_TEST_STORE = "postgres";
  await import("../../wire/cases/list-actions.cases.ts");
  await import("../../wire/cases/start.cases.ts");
  await import("../../wire/cases/queued-start.cases.ts");
  await import("../../wire/cases/action-options.cases.ts");
  await import("../../wire/cases/run-as.cases.ts");
  await import("../../wire/cases/idempotency.cases.ts");
  await import("../../wire/cases/text.cases.ts");
  await import("../../wire/cases/query-options.cases.ts");
  await import("../../wire/cases/chosen-content.cases.ts");
  await import("../../wire/cases/nameless-script.cases.ts");
  await import("../../wire/cases/secrets.cases.ts");
  await import("./throttling.test.ts");
}
