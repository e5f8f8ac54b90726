import assert from "node:assert/strict";
import { test } from "node:test";
import Database from "better-sqlite3";
import { GroupCommit } from "../../../src/store/sqlite/group-commit.ts";
import { migrate, SqliteExecutor } from "../../../src/store/sqlite/sqlite-store.ts";
import { StatementCompiler } from "../../../src/store/statement.ts";
import { type StoreTx, storeTx } from "../../../src/store/store.ts";

interface OpenCommits extends Disposable {
  readonly commits: GroupCommit;
  readonly said: string[];
  /** Values of `meta`, by key. */
  stored(): string[];
  readonly database: Database.Database;
}

async function openCommits(): Promise<OpenCommits> {
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
    commits: new GroupCommit(watched, tx, () => Promise.resolve()),
    said,
    stored: () => database.prepare<[], string>("select value from meta order by value").pluck().all(),
    database,
    [Symbol.dispose]: () => void database.close(),
  };
}

const put = (name: string) => (tx: StoreTx) => tx.meta.getOrSet(name, () => name);

test("units that do not throw share one commit and need no savepoint", async () => {
  using open = await openCommits();
  await Promise.all(["a", "b", "c"].map((name) => open.commits.run(put(name))));
  assert.deepEqual(open.said, ["BEGIN IMMEDIATE", "COMMIT"]);
  assert.deepEqual(open.stored(), ["a", "b", "c"]);
});

test("neighbours of a unit that throws are run again and kept once; it is the only one that fails", async () => {
  using open = await openCommits();
  let runs = 0;
  const before = open.commits.run((tx) => {
    runs += 1;
    return put("before")(tx);
  });
  const failing = open.commits.run(async (tx) => {
    await put("failing")(tx);
    throw new Error("changed my mind");
  });
  const after = open.commits.run(put("after"));
  await assert.rejects(failing, /changed my mind/);
  assert.deepEqual(await Promise.all([before, after]), ["before", "after"]);
  assert.deepEqual(open.stored(), ["after", "before"]);
  assert.equal(runs, 2);
});

test("a unit that throws alone is rolled back without a second run", async () => {
  using open = await openCommits();
  let runs = 0;
  const failing = open.commits.run(async (tx) => {
    runs += 1;
    await put("failing")(tx);
    throw new Error("changed my mind");
  });
  await assert.rejects(failing, /changed my mind/);
  assert.deepEqual([open.said, open.stored(), runs], [["BEGIN IMMEDIATE", "ROLLBACK"], [], 1]);
});

test("when the transaction has ended by itself the whole batch fails, and the next one works", async () => {
  using open = await openCommits();
  const first = open.commits.run(put("first"));
  const full = open.commits.run(async () => {
    // The behaviour of SQLite when the disk is full.
    open.database.exec("ROLLBACK");
    throw new Error("database or disk is full");
  });
  await assert.rejects(first, /full/);
  await assert.rejects(full, /full/);
  await open.commits.run(put("next"));
  assert.deepEqual(open.stored(), ["next"]);
});
