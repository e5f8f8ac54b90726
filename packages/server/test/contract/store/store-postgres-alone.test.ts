import assert from "node:assert/strict";
import { after, test } from "node:test";
import { sql } from "kysely";
import pg from "pg";
import type { Machine } from "../../../src/domain/machines/machine.ts";
import { PlannedStatements } from "../../../src/store/postgres/planned-statements.ts";
import { PostgresConnection } from "../../../src/store/postgres/postgres-connection.ts";
import { openPool } from "../../../src/store/postgres/postgres-pool.ts";
import { PostgresStore } from "../../../src/store/postgres/postgres-store.ts";
import { PostgresTransaction } from "../../../src/store/postgres/postgres-transaction.ts";
import type { Store } from "../../../src/store/store.ts";
import { openTestPostgres } from "../../support/postgres-databases.ts";
import { sampleAction, sampleMachine } from "../../unit/domain/sample-action.ts";

const postgres = await openTestPostgres();
if (typeof postgres === "string") test(`what only PostgreSQL does (${postgres})`, { skip: postgres });
else {
  await using opening = new AsyncDisposableStack();
  opening.use(postgres);
  // Creating one takes a second, so it is shared by all tests that do not depend on its content.
  const database = opening.use(await postgres.createDatabase());
  const owned = opening.move();
  after(() => owned.disposeAsync());

  const query = async (url: string, text: string): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(text)).rows;
    } finally {
      await client.end();
    }
  };
  let machines = 0;
  const addMachine = async (store: Store, change: Partial<Machine> = {}): Promise<Machine> => {
    machines += 1;
    const machine = sampleMachine({ id: machines.toString(16).padStart(40, "0"), ...change });
    await store.write((tx) => tx.machines.insert(machine));
    return machine;
  };

  test("five servers that open one empty database at the same moment all get it, migrated once", async () => {
    await using database = await postgres.createDatabase();
    const stores = await Promise.all(Array.from({ length: 5 }, () => PostgresStore.open({ url: database.url })));
    for (const store of stores) {
      assert.equal(await store.write((tx) => tx.meta.getOrSet("k", () => "first")), "first");
      await store.close();
    }
    const rows = await query(database.url, "select name from kysely_migration order by name");
    assert.ok(rows.length >= 2);
  });

  test("a server that is older than the schema does not open it, and says which migration it does not know", async () => {
    await using database = await postgres.createDatabase();
    await (await PostgresStore.open({ url: database.url })).close();
    await query(
      database.url,
      "insert into kysely_migration values ('9999-from-the-future', '2099-01-01T00:00:00.000Z')",
    );
    await assert.rejects(PostgresStore.open({ url: database.url }), /newer halligan-server.*9999-from-the-future/);
  });

  test("every text column is compared by code points, whatever the database's own order is", async () => {
    await (await PostgresStore.open({ url: database.url })).close();
    const others = await query(
      database.url,
      `select table_name, column_name, collation_name from information_schema.columns
         where table_schema = 'public' and data_type = 'text' and collation_name is distinct from 'C'`,
    );
    assert.deepEqual(others, []);
    const counting = await query(
      database.url,
      `select table_name, column_name, data_type from information_schema.columns
         where table_schema = 'public' and is_identity = 'YES' and data_type <> 'bigint'`,
    );
    assert.deepEqual(counting, []);
  });

  test("a number beyond the safe integers is refused instead of rounded", async () => {
    await using store = await opened(database.url);
    const machine = await addMachine(store);
    await query(database.url, `update machine set last_order_seq = 9007199254740993 where id = '${machine.id}'`);
    await assert.rejects(
      store.read((tx) => tx.machines.byId(machine.id)),
      /9007199254740993/,
    );
  });

  test("units that lock two machines in opposite order are both done: the one that the database ends is repeated", async () => {
    await using store = await opened(database.url);
    const [a, b] = [await addMachine(store), await addMachine(store)];
    // Each one waits, once, until the other has its first machine.
    const arrived = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    let runs = 0;
    const lockBoth = (own: 0 | 1, first: Machine, second: Machine) =>
      store.write(async (tx) => {
        runs += 1;
        await tx.machines.byId(first.id);
        arrived[own].resolve();
        await arrived[own === 0 ? 1 : 0].promise;
        const machine = await tx.machines.byId(second.id);
        assert.ok(machine);
        await tx.machines.save(machine, { ...machine, tags: [...machine.tags, `by ${own}`] });
      });
    await Promise.all([lockBoth(0, a, b), lockBoth(1, b, a)]);
    assert.equal(runs, 3);
    const tags = await store.read(async (tx) => [
      (await tx.machines.byId(a.id))?.tags.at(-1),
      (await tx.machines.byId(b.id))?.tags.at(-1),
    ]);
    assert.deepEqual(tags, ["by 1", "by 0"]);
  });

  test("a machine that a unit has loaded is not changed by another until the first has ended", async () => {
    await using store = await opened(database.url);
    const machine = await addMachine(store, { connectionEpoch: 0 });
    await Promise.all(
      Array.from({ length: 30 }, () =>
        store.write(async (tx) => {
          const loaded = await tx.machines.byId(machine.id);
          assert.ok(loaded);
          await tx.machines.save(loaded, { ...loaded, connectionEpoch: loaded.connectionEpoch + 1 });
        }),
      ),
    );
    assert.equal((await store.read((tx) => tx.machines.byId(machine.id)))?.connectionEpoch, 30);
  });

  test("a unit that goes on after a statement of it has failed is not committed", async () => {
    await using store = await opened(database.url);
    const machine = await addMachine(store);
    const unit = store.write(async (tx) => {
      await tx.meta.getOrSet("swallowed", () => "x");
      await tx.actions.insert(sampleAction({ id: "1", machineId: "no such machine" }));
      await tx.machines.byId(machine.id).catch(() => undefined);
    });
    await assert.rejects(unit, /foreign key/);
    assert.equal(await store.write((tx) => tx.meta.getOrSet("swallowed", () => "not kept")), "not kept");
  });

  test("a tag that holds half a surrogate pair does not break the lists of all machines", async () => {
    await using store = await opened(database.url);
    const machine = await addMachine(store, { tags: ["\ud800", "lab"] });
    assert.deepEqual((await store.read((tx) => tx.machines.byId(machine.id)))?.tags, ["\ufffd", "lab"]);
    const rows = await query(
      database.url,
      "select value from machine, json_array_elements_text(tags::json) as listed(value) where machine.tags like '%lab%'",
    );
    assert.ok(rows.length >= 2);
  });

  test("a statement that takes longer than it may is ended, and the store goes on", async () => {
    await using store = await opened(database.url, { statementTimeoutMs: 200, maxConnections: 1 });
    const machine = await addMachine(store);
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    try {
      await client.query("begin");
      await client.query("select * from machine for update");
      await assert.rejects(
        store.write((tx) => tx.machines.byId(machine.id)),
        { name: "StoreUnavailableError", message: /does not answer/ },
      );
    } finally {
      // Its lock would make the next test wait.
      await client.end();
    }
    assert.ok(await store.write((tx) => tx.machines.byId(machine.id)));
  });

  test("a column that a newer server adds does not stop the statements that are prepared already", async () => {
    await using store = await opened(database.url, { maxConnections: 3 });
    const machine = await addMachine(store);
    const look = () => store.read((tx) => tx.machines.byId(machine.id));
    await Promise.all(Array.from({ length: 6 }, look));
    await query(database.url, "alter table machine add column of_tomorrow text");
    for (const found of await Promise.all(Array.from({ length: 6 }, look))) assert.equal(found?.id, machine.id);
    assert.ok(await store.write((tx) => tx.machines.byId(machine.id)));
  });

  test("a write that was asked for before close is done, one after it is refused", async () => {
    const store = await PostgresStore.open({ url: database.url, maxConnections: 2 });
    const writes = Array.from({ length: 20 }, (_, index) =>
      store.write((tx) => tx.meta.getOrSet(`k${index}`, () => "x")),
    );
    await store.close();
    assert.equal((await Promise.all(writes)).length, 20);
    await assert.rejects(
      store.write(async () => undefined),
      /closed/,
    );
  });

  test("the clock that all nodes share is a number of whole milliseconds", async () => {
    const store = await PostgresStore.open({ url: database.url });
    try {
      assert.ok(Number.isSafeInteger(await store.nowMs()));
    } finally {
      await store.close();
    }
  });

  test("our own sessions wait for the disk, whatever the database's default is", async () => {
    await using database = await postgres.createDatabase();
    const name = new URL(database.url).pathname.slice(1);
    await query(database.url, `alter database ${name} set synchronous_commit = off`);
    await query(database.url, `alter database ${name} set default_transaction_isolation = 'serializable'`);
    const pool = openPool({ url: database.url });
    const connection = new PostgresConnection(await pool.connect(), 60_000);
    const transaction = new PostgresTransaction(connection, new PlannedStatements(), true);
    const setting = (of: string) => sql<string>`current_setting(${of})`;
    const rows = await transaction.allOnce((db) =>
      db.selectNoFrom([setting("synchronous_commit").as("commit"), setting("transaction_isolation").as("isolation")]),
    );
    await transaction.rollback();
    connection.release();
    await pool.end();
    assert.deepEqual(rows, [{ commit: "on", isolation: "read committed" }]);
  });
}

type DisposableStore = Store & AsyncDisposable;

async function opened(
  url: string,
  options: { statementTimeoutMs?: number; maxConnections?: number } = {},
): Promise<DisposableStore> {
  const store = await PostgresStore.open({ url, ...options });
  return {
    read: (work) => store.read(work),
    write: (work) => store.write(work),
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
  };
}
