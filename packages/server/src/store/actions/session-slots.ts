import { sql } from "kysely";
import { type Executor, statement } from "../statement.ts";
import { UNFINISHED, WITH_SLOT, WITHOUT_SLOT } from "./action-literals.ts";

export interface ActionLoad {
  pending: number;
  inProgress: number;
  slotsInUse: number;
  /** When the oldest pending action of a connected machine was accepted; null when none waits. */
  oldestWaitingMs: number | null;
}

/** The running sessions, and the actions that wait to be one. */
export function sessionSlots(executor: Executor) {
  return {
    /** Running sessions: unfinished actions that hold a slot. */
    async slotsInUse(nowMs: number): Promise<number> {
      const [row] = await executor.all(countSlotsInUse, { now_ms: nowMs });
      return row?.taken ?? 0;
    },

    /**
     * Like `slotsInUse`, but the number stays correct until this transaction ends. Transactions of
     * all nodes that may acquire one of `slots` wait here for each other. If all slots are in use,
     * no transaction waits, because none can acquire one.
     */
    async lockSlotsInUse(slots: number, nowMs: number): Promise<number> {
      const [before] = await executor.all(countSlotsInUse, { now_ms: nowMs });
      if (!executor.hasOtherWriters || (before?.taken ?? 0) >= slots) return before?.taken ?? 0;
      // Sent together; the count sees what was committed before the lock was given.
      const [, [exact]] = await Promise.all([
        executor.all(lockSlots, {}),
        executor.all(countSlotsInUse, { now_ms: nowMs }),
      ]);
      return exact?.taken ?? 0;
    },

    /** Actions of connected machines that wait for a slot, oldest first. */
    async waitingForSlot(limit: number): Promise<{ id: string; machineId: string }[]> {
      const rows = await executor.all(selectWaitingForSlot, { limit });
      return rows.map((row) => ({ id: row.id, machineId: row.machine_id }));
    },

    /** The position of an action among those that wait for a slot, from 1. */
    async positionForSlot(id: string): Promise<number> {
      const [row] = await executor.all(countWaitingUpTo, { id });
      return row?.position ?? 0;
    },

    /** How much waits and runs in the whole deployment. */
    async load(nowMs: number): Promise<ActionLoad> {
      const counts = new Map((await executor.all(countUnfinished, {})).map(({ status, actions }) => [status, actions]));
      const [oldest] = await executor.all(selectOldestWaiting, {});
      return {
        pending: counts.get("Pending") ?? 0,
        inProgress: counts.get("InProgress") ?? 0,
        slotsInUse: await this.slotsInUse(nowMs),
        oldestWaitingMs: oldest?.created_at_ms ?? null,
      };
    },
  };
}

const countSlotsInUse = statement<{ now_ms: number }>()((db, p) =>
  db
    .selectFrom("machine_action")
    .select((eb) => eb.fn.countAll<number>().as("taken"))
    .where("status", "in", UNFINISHED)
    .where("holds_place", "=", WITH_SLOT)
    .where((or) => or.or([or("place_until_ms", "is", null), or("place_until_ms", ">", p.now_ms)])),
);

/**
 * Any number that no other code locks. PostgreSQL releases the lock at the end of the transaction,
 * after its changes are visible.
 */
const SLOTS_LOCK = sql.lit(4_225_001);

const lockSlots = statement<Record<never, never>>()((db) =>
  db.selectNoFrom(sql`pg_advisory_xact_lock(${SLOTS_LOCK})`.as("locked")),
);

const countUnfinished = statement<Record<never, never>>()((db) =>
  db
    .selectFrom("machine_action")
    .select(["status", (eb) => eb.fn.countAll<number>().as("actions")])
    .where("status", "in", UNFINISHED)
    .groupBy("status"),
);

const selectOldestWaiting = statement<Record<never, never>>()((db) =>
  db
    .selectFrom("machine_action")
    .innerJoin("machine", "machine.id", "machine_action.machine_id")
    .select("machine_action.created_at_ms")
    .where("machine_action.status", "=", sql.lit("Pending"))
    .where("scheduled_ms", "is", null)
    .where("machine.linked", "=", 1)
    .orderBy("machine_action.seq")
    .limit(1),
);

const selectWaitingForSlot = statement<{ limit: number }>()((db, p) =>
  db
    .selectFrom("machine_action")
    .innerJoin("machine", "machine.id", "machine_action.machine_id")
    .select(["machine_action.id", "machine_action.machine_id"])
    .where("machine_action.status", "in", UNFINISHED)
    .where("machine_action.holds_place", "=", WITHOUT_SLOT)
    .where("scheduled_ms", "is", null)
    .where("machine.linked", "=", 1)
    .orderBy("machine_action.seq")
    .limit(p.limit),
);

const countWaitingUpTo = statement<{ id: string }>()((db, p) =>
  db
    .selectFrom("machine_action")
    .innerJoin("machine", "machine.id", "machine_action.machine_id")
    .select((eb) => eb.fn.countAll<number>().as("position"))
    .where("machine_action.status", "in", UNFINISHED)
    .where("machine_action.holds_place", "=", WITHOUT_SLOT)
    .where("scheduled_ms", "is", null)
    .where("machine.linked", "=", 1)
    .where("machine_action.seq", "<=", (own) =>
      own.selectFrom("machine_action as own").select("own.seq").where("own.id", "=", p.id),
    ),
);
