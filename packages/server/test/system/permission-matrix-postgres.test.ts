import { after, test } from "node:test";
import { PostgresStore } from "../../src/store/postgres/postgres-store.ts";
import { describePermissionMatrix } from "../contract/permission-matrix/permission-matrix.contract.ts";
import { openTestPostgres } from "../support/postgres-databases.ts";

const postgres = await openTestPostgres();
if (typeof postgres === "string") test(`permission matrix: PostgreSQL (${postgres})`, { skip: postgres });
else {
  await using opened = new AsyncDisposableStack();
  opened.use(postgres);
  const { url } = opened.use(await postgres.createDatabase());
  describePermissionMatrix("PostgreSQL", () => PostgresStore.open({ url }));
  const owned = opened.move();
  after(() => owned.disposeAsync());
}
