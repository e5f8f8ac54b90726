import assert from "node:assert/strict";
import { test } from "node:test";
import Database from "better-sqlite3";
import { migrate, SqliteExecutor } from "../../../src/store/sqlite/sqlite-store.ts";
import { WriteLane } from "../../../src/store/sqlite/write-lane.ts";
import { StatementCompiler } from "../../../src/store/statement.ts";
import { type StoreTx, storeTx } from "../../../src/store/store.ts";

interface OpenLane extends Disposable {
  readonly lane: WriteLane;
  readonly said: string[];
  /** Values of `meta`, by key. */
  stored(): string[];
  readonly database: Database.Database;
}

async function openLane(): Promise<OpenLane> {
  const database = new Database(":memory:");
  await migrate(database);
  const said: string[] = [];
  const watched = {
    exec(sql: string) {
      said.push(sql);
      return database.exec(sql);
    },
    get inTransaction() {
      return database.inTransaction;
    },
  };
  const tx = storeTx(new SqliteExecutor(database, new StatementCompiler()));
  return {
    lane: new WriteLane(watched, tx, () => Promise.resolve()),
    said,
    stored: () => database.prepare<[], string>("select value from meta order by value").pluck().all(),
    database,
    [Symbol.dispose]: () => void database.close(),
  };
}

const put = (name: string) => (tx: StoreTx) => tx.meta.getOrSet(name, () => name);

test("units that do not throw share one commit and need no savepoint", async () => {
  using open = await openLane();
  await Promise.all(["a", "b", "c"].map((name) => open.lane.run(put(name))));
  assert.deepEqual(open.said, ["BEGIN IMMEDIATE", "COMMIT"]);
  assert.deepEqual(open.stored(), ["a", "b", "c"]);
});

test("neighbours of a unit that throws are run again and kept once; it is the only one that fails", async () => {
  using open = await openLane();
  let runs = 0;
  const before = open.lane.run((tx) => {
    runs += 1;
    return put("before")(tx);
  });
  const failing = open.lane.run(async (tx) => {
    await put("failing")(tx);
    throw new Error("changed my mind");
  });
  const after = open.lane.run(put("after"));
  await assert.rejects(failing, /changed my mind/);
  assert.deepEqual(await Promise.all([before, after]), ["before", "after"]);
  assert.deepEqual(open.stored(), ["after", "before"]);
  assert.equal(runs, 2);
});

test("a unit that throws alone is rolled back without a second run", async () => {
  using open = await openLane();
  let runs = 0;
  const failing = open.lane.run(async (tx) => {
    runs += 1;
    await put("failing")(tx);
    throw new Error("changed my mind");
  });
  await assert.rejects(failing, /changed my mind/);
  assert.deepEqual([open.said, open.stored(), runs], [["BEGIN IMMEDIATE", "ROLLBACK"], [], 1]);
});

test("when the transaction has ended by itself the whole batch fails, and the next one works", async () => {
  using open = await openLane();
  const first = open.lane.run(put("first"));
  const full = open.lane.run(async () => {
    // The behaviour of SQLite when the disk is full.
    open.database.exec("ROLLBACK");
    throw new Error("database or disk is full");
  });
  await assert.rejects(first, /full/);
  await assert.rejects(full, /full/);
  await open.lane.run(put("next"));
  assert.deepEqual(open.stored(), ["next"]);
});
