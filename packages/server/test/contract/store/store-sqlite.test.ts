import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import Database from "better-sqlite3";
import { SqliteStore } from "../../../src/store/sqlite/sqlite-store.ts";
import { describeStore } from "./store.contract.ts";
import { describeTwoNodes } from "./store-concurrency.contract.ts";

const folder = await mkdtemp(join(tmpdir(), "halligan-store-"));
after(() => rm(folder, { recursive: true, force: true }));

describeStore("SQLite", () => SqliteStore.open(join(folder, "contract.db")));
// One store for both nodes: SQLite is for one node, and a second writer in this process would block
// the first one.
describeTwoNodes("SQLite", async () => {
  const store = await SqliteStore.open(join(folder, "nodes.db"));
  return [store, store];
});

test("the database is opened with a write-ahead log, and what is written survives a second opening", async () => {
  const file = join(folder, "again.db");
  const first = await SqliteStore.open(file);
  await first.write((tx) => tx.meta.getOrSet("k", () => "kept"));
  await first.close();
  const second = await SqliteStore.open(file);
  assert.equal(await second.write((tx) => tx.meta.getOrSet("k", () => "other")), "kept");
  await second.close();
  const plain = new Database(file, { readonly: true });
  assert.equal(plain.pragma("journal_mode", { simple: true }), "wal");
  plain.close();
});

test("a server that is older than the schema does not open it, and says which migration it does not know", async () => {
  const file = join(folder, "newer.db");
  await (await SqliteStore.open(file)).close();
  const plain = new Database(file);
  plain.prepare("insert into kysely_migration values ('9999-from-the-future', '2099-01-01T00:00:00.000Z')").run();
  plain.close();
  await assert.rejects(SqliteStore.open(file), ({ cause }: Error) => /newer.*9999-from-the-future/.test(String(cause)));
});

test("after close a write is refused instead of lost", async () => {
  const store = await SqliteStore.open(join(folder, "closed.db"));
  await store.close();
  await assert.rejects(
    store.write(async () => undefined),
    /closed/,
  );
});
