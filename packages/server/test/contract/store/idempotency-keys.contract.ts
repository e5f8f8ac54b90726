import assert from "node:assert/strict";
import { test } from "node:test";
import type { Store } from "../../../src/store/store.ts";

/** The part of the store contract about the keys of starts. */
export function describeIdempotencyKeys(store: () => Store): void {
  const row = { accountId: "account", key: "k", requestSha256: "hash", actionId: "a1", untilMs: 100 };
  const find = (accountId: string, key: string, nowMs: number) =>
    store().read((tx) => tx.idempotencyKeys.find(accountId, key, nowMs));

  test("an idempotency key is found by account and key until it expires, and can be written again then", async () => {
    await store().write((tx) => tx.idempotencyKeys.insert(row, 1));
    assert.deepEqual(await find("account", "k", 99), row);
    assert.equal(await find("account", "K", 99), undefined);
    assert.equal(await find("other", "k", 99), undefined);
    assert.equal(await find("account", "k", 100), undefined);
    const again = { ...row, actionId: "a2", untilMs: 200 };
    await store().write((tx) => tx.idempotencyKeys.insert(again, 100));
    assert.deepEqual(await find("account", "k", 100), again);
    await assert.rejects(store().write((tx) => tx.idempotencyKeys.insert(row, 100)));
    await store().write((tx) => tx.idempotencyKeys.removeBefore(199));
    assert.deepEqual(await find("account", "k", 100), again);
    await store().write((tx) => tx.idempotencyKeys.removeBefore(200));
    assert.equal(await find("account", "k", 100), undefined);
  });

  test("of transactions that write the same idempotency key at the same moment exactly one does", async () => {
    const written = await Promise.all(
      Array.from({ length: 20 }, (_, caller) =>
        store().write(async (tx) => {
          if (await tx.idempotencyKeys.find("account", "race", 1)) return false;
          await tx.idempotencyKeys.insert({ ...row, key: "race", actionId: `a${caller}` }, 1);
          return true;
        }),
      ),
    );
    assert.equal(written.filter(Boolean).length, 1);
  });
}
