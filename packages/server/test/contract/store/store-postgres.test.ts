import { after, test } from "node:test";
import { PostgresStore } from "../../../src/store/postgres/postgres-store.ts";
import { openTestPostgres } from "../../support/postgres-databases.ts";
import { describeStore } from "./store.contract.ts";
import { describeTwoNodes } from "./store-concurrency.contract.ts";

const postgres = await openTestPostgres();
if (typeof postgres === "string") test(`store contract: PostgreSQL (${postgres})`, { skip: postgres });
else {
  await using opened = new AsyncDisposableStack();
  opened.use(postgres);
  const newDatabase = async () => opened.use(await postgres.createDatabase()).url;
  const [contract, nodes] = [await newDatabase(), await newDatabase()];
  describeStore("PostgreSQL", () => PostgresStore.open({ url: contract }));
  describeTwoNodes("PostgreSQL", async () => [
    await PostgresStore.open({ url: nodes }),
    await PostgresStore.open({ url: nodes }),
  ]);
  const owned = opened.move();
  after(() => owned.disposeAsync());
}
