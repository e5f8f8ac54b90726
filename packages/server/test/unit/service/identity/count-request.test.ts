import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { memoryCounter, type RequestCounter, storeCounter } from "../../../../src/service/identity/count-request.ts";
import { PostgresStore } from "../../../../src/store/postgres/postgres-store.ts";
import { SqliteStore } from "../../../../src/store/sqlite/sqlite-store.ts";
import { openTestPostgres } from "../../../support/postgres-databases.ts";

const folder = await mkdtemp(join(tmpdir(), "halligan-counter-"));
const sqlite = await SqliteStore.open(join(folder, "counter.db"));
after(async () => {
  await sqlite.close();
  await rm(folder, { recursive: true, force: true });
});
let keys = 0;
const newKey = () => {
  keys += 1;
  return `key ${keys}`;
};

test("counting in the store admits, refuses and tells to wait as counting in memory does", async () => {
  const rule = fc.record({ limit: fc.integer({ min: 1, max: 4 }), windowMs: fc.integer({ min: 1, max: 40 }) });
  const steps = fc.array(fc.record({ gapMs: fc.nat({ max: 20 }), key: fc.nat({ max: 1 }) }), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(fc.array(rule, { minLength: 1, maxLength: 2 }), steps, async (rules, calls) => {
      let nowMs = 1_000;
      const [own, shared] = [memoryCounter(() => nowMs), storeCounter(sqlite, () => nowMs)];
      const names = [newKey(), newKey()];
      for (const { gapMs, key } of calls) {
        nowMs += gapMs;
        const name = names[key] ?? "";
        assert.equal(await shared.count(name, rules), await own.count(name, rules));
      }
    }),
    { numRuns: 40 },
  );
});

test("a clock that is set back does not lengthen what a caller has to wait", async () => {
  let nowMs = 1_000_000;
  const counter = storeCounter(sqlite, () => nowMs);
  const [key, rules] = [newKey(), [{ limit: 1, windowMs: 60_000 }]];
  assert.equal(await counter.count(key, rules), null);
  nowMs -= 900_000;
  assert.equal(await counter.count(key, rules), 60_000);
});

test("a refused request writes nothing, and a window that nothing needs any more is removed", async () => {
  const [key, rules] = [newKey(), [{ limit: 1, windowMs: 100 }]];
  const counter = storeCounter(sqlite, () => 5_000);
  const window = () => sqlite.read((tx) => tx.requestWindows.byKey(key));
  assert.equal(await counter.count(key, rules), null);
  const before = await window();
  assert.equal(await counter.count(key, rules), 100);
  assert.deepEqual(await window(), before);
  await sqlite.write((tx) => tx.requestWindows.removeBefore(5_101));
  assert.equal((await window()).version, 0);
});

const postgres = await openTestPostgres();
if (typeof postgres === "string") test(`counting on several nodes (${postgres})`, { skip: postgres });
else {
  after(() => postgres[Symbol.asyncDispose]());

  test("of sixty requests that reach three nodes at once exactly as many are admitted as the limit says, and none fails", async () => {
    await using database = await postgres.createDatabase();
    await using open = new AsyncDisposableStack();
    const nodes: RequestCounter[] = [];
    for (let n = 0; n < 3; n += 1) {
      const store = open.adopt(await PostgresStore.open({ url: database.url }), (one) => one.close());
      // Their clocks differ slightly, as in a real deployment.
      nodes.push(storeCounter(store, () => 1_000_000 + n * 3));
    }
    for (const limit of [1, 10, 45]) {
      const rules = [{ limit, windowMs: 60_000 }];
      const key = `limit ${limit}`;
      const answers = await Promise.all(
        Array.from({ length: 20 }, () => nodes.map((node) => node.count(key, rules))).flat(),
      );
      assert.equal(answers.filter((waitMs) => waitMs === null).length, limit);
    }
  });
}
