import type { Selectable } from "kysely";
import type { Schema } from "../schema.ts";
import { type Executor, statement } from "../statement.ts";

/**
 * A user or application of an outside issuer whose tokens are refused, whatever the issuer says.
 */
export interface BlockedCaller {
  callerId: string;
  blockedBy: string;
  blockedAtMs: number;
  reason: string;
}

export type BlockedCallers = ReturnType<typeof blockedCallers>;

export function blockedCallers(executor: Executor) {
  return {
    async byId(callerId: string): Promise<BlockedCaller | undefined> {
      const [row] = await executor.all(selectById, { caller_id: callerId });
      return row && fromRow(row);
    },
    /** Whether the maker of a result link is blocked. */
    async isMakerBlocked(maker: string): Promise<boolean> {
      return (await executor.all(selectByMaker, { maker })).length > 0;
    },
    /** Newest first. */
    async list(): Promise<BlockedCaller[]> {
      return (await executor.all(selectAll, {})).map(fromRow);
    },
    /** `maker`: the caller as its result links name it. False when it was blocked before. */
    async insert(caller: BlockedCaller, maker: string): Promise<boolean> {
      const inserted = await executor.all(insert, {
        caller_id: caller.callerId,
        maker,
        blocked_by: caller.blockedBy,
        blocked_at_ms: caller.blockedAtMs,
        reason: caller.reason,
      });
      return inserted.length > 0;
    },
    /** False when it was not blocked. */
    async remove(callerId: string): Promise<boolean> {
      return (await executor.all(remove, { caller_id: callerId })).length > 0;
    },
  };
}

const selectById = statement<{ caller_id: string }>()((db, p) =>
  db.selectFrom("blocked_caller").selectAll().where("caller_id", "=", p.caller_id),
);
const selectByMaker = statement<{ maker: string }>()((db, p) =>
  db.selectFrom("blocked_caller").select("caller_id").where("maker", "=", p.maker),
);
const selectAll = statement<Record<never, never>>()((db) =>
  db.selectFrom("blocked_caller").selectAll().orderBy("blocked_at_ms", "desc").orderBy("caller_id").limit(10_000),
);
const insert = statement<{
  caller_id: string;
  maker: string;
  blocked_by: string;
  blocked_at_ms: number;
  reason: string;
}>()((db, p) =>
  db
    .insertInto("blocked_caller")
    .values({
      caller_id: p.caller_id,
      maker: p.maker,
      blocked_by: p.blocked_by,
      blocked_at_ms: p.blocked_at_ms,
      reason: p.reason,
    })
    .onConflict((conflict) => conflict.column("caller_id").doNothing())
    .returning("caller_id"),
);
const remove = statement<{ caller_id: string }>()((db, p) =>
  db.deleteFrom("blocked_caller").where("caller_id", "=", p.caller_id).returning("caller_id"),
);

const fromRow = (row: Selectable<Schema["blocked_caller"]>): BlockedCaller => ({
  callerId: row.caller_id,
  blockedBy: row.blocked_by,
  blockedAtMs: row.blocked_at_ms,
  reason: row.reason,
});
