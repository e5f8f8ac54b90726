import { sql } from "kysely";
import { type Executor, statement } from "../statement.ts";
import { UNFINISHED } from "./action-literals.ts";

export interface ActionLoad {
  pending: number;
  inProgress: number;
  placesTaken: number;
  /** When the oldest pending action of a linked machine was accepted; null when none waits. */
  oldestWaitingMs: number | null;
}

/** The running sessions, and the actions that wait to be one. */
export function sessionPlaces(executor: Executor) {
  return {
    /** Running sessions: unfinished actions that hold a place. */
    async placesTaken(nowMs: number): Promise<number> {
      const [row] = await executor.all(countPlaces, { now_ms: nowMs });
      return row?.taken ?? 0;
    },

    /**
     * The same, and so until this transaction ends: a transaction that is about to take one of
     * `places` waits here for the others, on every node. When all are taken none waits, because
     * none is about to be taken.
     */
    async placesTakenUntilEnd(places: number, nowMs: number): Promise<number> {
      const [before] = await executor.all(countPlaces, { now_ms: nowMs });
      if (!executor.locks || (before?.taken ?? 0) >= places) return before?.taken ?? 0;
      // Sent together; the count sees what was committed before the lock was given.
      const [, [exact]] = await Promise.all([
        executor.all(lockPlaces, {}),
        executor.all(countPlaces, { now_ms: nowMs }),
      ]);
      return exact?.taken ?? 0;
    },

    /** Actions of linked machines that wait for a place, oldest first. */
    async waitingForPlace(limit: number): Promise<{ id: string; machineId: string }[]> {
      const rows = await executor.all(selectWaitingForPlace, { limit });
      return rows.map((row) => ({ id: row.id, machineId: row.machine_id }));
    },

    /** How much waits and runs in the whole deployment. */
    async load(nowMs: number): Promise<ActionLoad> {
      const counts = new Map((await executor.all(countUnfinished, {})).map(({ status, actions }) => [status, actions]));
      const [oldest] = await executor.all(selectOldestWaiting, {});
      return {
        pending: counts.get("Pending") ?? 0,
        inProgress: counts.get("InProgress") ?? 0,
        placesTaken: await this.placesTaken(nowMs),
        oldestWaitingMs: oldest?.created_at_ms ?? null,
      };
    },
  };
}

const countPlaces = statement<{ now_ms: number }>()((db, p) =>
  db
    .selectFrom("machine_action")
    .select((eb) => eb.fn.countAll<number>().as("taken"))
    .where("status", "in", UNFINISHED)
    .where("holds_place", "=", 1)
    .where((or) => or.or([or("place_until_ms", "is", null), or("place_until_ms", ">", p.now_ms)])),
);

/**
 * Any number that no other code locks. It is released by the end of the transaction, after its
 * commit can be seen.
 */
const PLACES_LOCK = sql.lit(4_225_001);

const lockPlaces = statement<Record<never, never>>()((db) =>
  db.selectNoFrom(sql`pg_advisory_xact_lock(${PLACES_LOCK})`.as("locked")),
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
    .where("machine.linked", "=", 1)
    .orderBy("machine_action.seq")
    .limit(1),
);

const selectWaitingForPlace = statement<{ limit: number }>()((db, p) =>
  db
    .selectFrom("machine_action")
    .innerJoin("machine", "machine.id", "machine_action.machine_id")
    .select(["machine_action.id", "machine_action.machine_id"])
    .where("machine_action.status", "in", UNFINISHED)
    .where("machine_action.holds_place", "=", 0)
    .where("machine.linked", "=", 1)
    .orderBy("machine_action.seq")
    .limit(p.limit),
);
