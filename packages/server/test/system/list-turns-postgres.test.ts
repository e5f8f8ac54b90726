import { after, test } from "node:test";
import { PostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { openTestPostgres } from "../support/postgres-databases.ts";
import { describeListTurns } from "./list-turns.contract.ts";

const postgres = await openTestPostgres();
if (typeof postgres === "string") test(`turns of lists: PostgreSQL (${postgres})`, { skip: postgres });
else {
  await using opened = new AsyncDisposableStack();
  opened.use(postgres);
  const { url } = opened.use(await postgres.createDatabase());
  describeListTurns("PostgreSQL", () => PostgresStore.open({ url }));
  const owned = opened.move();
  after(() => owned.disposeAsync());
}
