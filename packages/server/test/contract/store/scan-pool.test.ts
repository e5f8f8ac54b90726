import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import Database from "better-sqlite3";
import { ScanPool } from "../../../src/store/sqlite/scan-pool.ts";
import { StoreUnavailableError } from "../../../src/store/store-unavailable-error.ts";

const folder = await mkdtemp(join(tmpdir(), "halligan-scans-"));
const file = join(folder, "scans.db");
const database = new Database(file);
database.pragma("journal_mode = WAL");
database.exec("create table n (value integer)");
after(async () => {
  database.close();
  await rm(folder, { recursive: true });
});

/** Runs without end, as far as a test is concerned. */
const ENDLESS = "with recursive c(x) as (select 1 union all select x + 1 from c) select count(*) from c";

test("sees what was committed before, and cannot write", async () => {
  const pool = new ScanPool(file);
  database.exec("insert into n values (7)");
  assert.deepEqual(await pool.all("select value from n where value = ?", [7]), [{ value: 7 }]);
  await assert.rejects(pool.all("delete from n returning value", []), /readonly/);
  assert.deepEqual(await pool.all("select count(*) as rows from n", []), [{ rows: 1 }]);
  await pool.close();
  await assert.rejects(pool.all("select 1", []), /closed/);
});

test("a query that takes too long is given up by name, while others are answered, and the next ones too", async () => {
  const pool = new ScanPool(file, { timeLimitMs: 2_000, processes: 2 });
  await Promise.all([pool.all("select 1", []), pool.all("select 1", [])]);
  const endless = pool.all(ENDLESS, []);
  const given = assert.rejects(
    endless,
    (cause) => cause instanceof StoreUnavailableError && /given up/.test(cause.message),
  );
  const first = await Promise.race([given.then(() => "endless"), pool.all("select 1 as one", [])]);
  assert.deepEqual(first, [{ one: 1 }]);
  await given;
  for (let tries = 0; tries < 3; tries += 1) assert.deepEqual(await pool.all("select 2 as two", []), [{ two: 2 }]);
  await pool.close();
});

test("more than may wait are refused at once, and closing ends what runs", async () => {
  const pool = new ScanPool(file, { processes: 1, maxWaiting: 1 });
  const running = assert.rejects(pool.all(ENDLESS, []), /closed/);
  const waiting = assert.rejects(pool.all("select 1", []), /closed/);
  await assert.rejects(pool.all("select 1", []), StoreUnavailableError);
  await pool.close();
  await Promise.all([running, waiting]);
});
