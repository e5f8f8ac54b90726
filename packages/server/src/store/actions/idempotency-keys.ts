import { type Executor, statement } from "../statement.ts";

export type IdempotencyKeys = ReturnType<typeof idempotencyKeys>;

export interface StoredIdempotencyKey {
  accountId: string;
  key: string;
  /** Hash of the operation, the machine and the body. */
  requestSha256: string;
  actionId: string;
  untilMs: number;
}

/** Keys of accepted starts. A key is written in the transaction that accepts its action. */
export function idempotencyKeys(executor: Executor) {
  return {
    /** An expired key is not found. */
    async find(accountId: string, key: string, nowMs: number): Promise<StoredIdempotencyKey | undefined> {
      const [row] = await executor.all(select, { account_id: accountId, key, now_ms: nowMs });
      return (
        row && {
          accountId: row.account_id,
          key: row.key,
          requestSha256: row.request_sha256,
          actionId: row.action_id,
          untilMs: row.until_ms,
        }
      );
    },
    /**
     * The primary key refuses a second row, so only one of several concurrent transactions commits.
     * The others are repeated and find its row. An expired row is replaced.
     */
    async insert(row: StoredIdempotencyKey, nowMs: number): Promise<void> {
      await executor.all(removeExpired, { account_id: row.accountId, key: row.key, now_ms: nowMs });
      await executor.all(insert, {
        account_id: row.accountId,
        key: row.key,
        request_sha256: row.requestSha256,
        action_id: row.actionId,
        until_ms: row.untilMs,
      });
    },
    async removeBefore(untilMs: number): Promise<void> {
      await executor.all(removeBefore, { until_ms: untilMs });
    },
  };
}

const select = statement<{ account_id: string; key: string; now_ms: number }>()((db, p) =>
  db
    .selectFrom("idempotency_key")
    .selectAll()
    .where("account_id", "=", p.account_id)
    .where("key", "=", p.key)
    .where("until_ms", ">", p.now_ms),
);

const removeExpired = statement<{ account_id: string; key: string; now_ms: number }>()((db, p) =>
  db
    .deleteFrom("idempotency_key")
    .where("account_id", "=", p.account_id)
    .where("key", "=", p.key)
    .where("until_ms", "<=", p.now_ms),
);

const insert = statement<{
  account_id: string;
  key: string;
  request_sha256: string;
  action_id: string;
  until_ms: number;
}>()((db, p) =>
  db.insertInto("idempotency_key").values({
    account_id: p.account_id,
    key: p.key,
    request_sha256: p.request_sha256,
    action_id: p.action_id,
    until_ms: p.until_ms,
  }),
);

const removeBefore = statement<{ until_ms: number }>()((db, p) =>
  db.deleteFrom("idempotency_key").where("until_ms", "<=", p.until_ms),
);
