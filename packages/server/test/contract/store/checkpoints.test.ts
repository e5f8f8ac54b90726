import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import Database from "better-sqlite3";
import { Checkpoints } from "../../../src/store/sqlite/checkpoints.ts";

const folder = await mkdtemp(join(tmpdir(), "halligan-checkpoints-"));
after(() => rm(folder, { recursive: true, force: true }));

const PAGE = Buffer.alloc(4_096);

function open(name: string) {
  const file = join(folder, name);
  const database = new Database(file);
  database.pragma("journal_mode = WAL");
  database.exec("create table filled (bytes blob)");
  const checkpoints = new Checkpoints(database);
  const insert = database.prepare("insert into filled values (?)");
  const commit = (pages: number) => {
    database.transaction(() => {
      for (let n = 0; n < pages; n += 1) insert.run(PAGE);
    })();
    checkpoints.afterCommit();
  };
  /** Of the database without its log. */
  const sizeBytes = () => statSync(file).size;
  const logBytes = () => statSync(`${file}-wal`).size;
  return { database, commit, sizeBytes, logBytes };
}

test("a full log is copied into the database after the commit, not in it", async () => {
  const { database, commit, sizeBytes } = open("full.db");
  const before = sizeBytes();
  commit(1_200);
  assert.equal(sizeBytes(), before);
  await setImmediate();
  assert.ok(sizeBytes() > 1_200 * PAGE.length);
  database.close();
});

test("a log that is not full stays as it is", async () => {
  const { database, commit, sizeBytes } = open("little.db");
  const before = sizeBytes();
  commit(10);
  await setImmediate();
  assert.equal(sizeBytes(), before);
  database.close();
});

test("the log does not grow with the number of commits", async () => {
  const { database, commit, logBytes } = open("many.db");
  for (let n = 0; n < 100; n += 1) {
    commit(50);
    await setImmediate();
  }
  assert.ok(logBytes() < 3 * 1_000 * PAGE.length, String(logBytes()));
  database.close();
});

test("nothing is copied while a transaction runs or after the database was closed", async () => {
  const { database, commit } = open("closed.db");
  commit(1_200);
  database.exec("begin");
  await setImmediate();
  database.exec("commit");
  commit(1);
  database.close();
  await setImmediate();
});
