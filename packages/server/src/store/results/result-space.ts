import { sql } from "kysely";
import type { UploadSpace } from "../../domain/results/result-space.ts";
import { type Executor, statement } from "../statement.ts";

export type ResultSpaces = ReturnType<typeof resultSpaces>;

export interface OpenUpload {
  resultId: string;
  actionId: string;
}

/**
 * The space of each result: the granted space during the upload, its size once it is complete. A
 * result is kept (`is_kept`) when the end of a command refers to it. A result that is not kept is
 * removed when no end can refer to it any more.
 */
export function resultSpaces(executor: Executor) {
  return {
    /** Oldest first. */
    async ofCommand(actionId: string, index: number): Promise<UploadSpace[]> {
      const rows = await executor.all(selectOfCommand, { action_id: actionId, command_index: index });
      return rows.map((row) => ({ resultId: row.result_id, bytes: row.bytes }));
    },
    async bytesOfMachine(machineId: string): Promise<number> {
      const [row] = await executor.all(sumOfMachine, { machine_id: machineId });
      return row?.bytes ?? 0;
    },
    async bytesOfAll(): Promise<number> {
      const [row] = await executor.all(sumOfAll, {});
      return row?.bytes ?? 0;
    },
    async grant(space: UploadSpace & { actionId: string; index: number; machineId: string }, nowMs: number) {
      await executor.all(upsert, {
        result_id: space.resultId,
        action_id: space.actionId,
        command_index: space.index,
        machine_id: space.machineId,
        bytes: space.bytes,
        now_ms: nowMs,
      });
    },
    async keep(resultId: string): Promise<void> {
      await executor.all(setKept, { result_id: resultId });
    },
    /** Also removes the row that records its completion. */
    async remove(resultId: string): Promise<void> {
      await executor.all(removeSpace, { result_id: resultId });
      await executor.all(removeUpload, { result_id: resultId });
    },
    /**
     * Uploads that no end can name any more: their order is closed, or their action was removed.
     * Incomplete ones also if their action was cancelled before `cancelledBeforeMs`, or if nothing
     * was added to them since `touchedBeforeMs`.
     */
    async abandoned(cancelledBeforeMs: number, touchedBeforeMs: number, limit: number): Promise<OpenUpload[]> {
      const rows = await executor.all(selectAbandoned, {
        cancelled_before_ms: cancelledBeforeMs,
        touched_before_ms: touchedBeforeMs,
        limit,
      });
      return rows.map((row) => ({ resultId: row.result_id, actionId: row.action_id }));
    },
  };
}

const selectOfCommand = statement<{ action_id: string; command_index: number }>()((db, p) =>
  db
    .selectFrom("result_space")
    .select(["result_id", "bytes"])
    .where("action_id", "=", p.action_id)
    .where("command_index", "=", p.command_index)
    .orderBy("started_at_ms")
    .orderBy("result_id"),
);

/** PostgreSQL sums 64-bit numbers as numerics. */
const SUM = sql<number>`cast(coalesce(sum(bytes), 0) as bigint)`.as("bytes");

const sumOfMachine = statement<{ machine_id: string }>()((db, p) =>
  db.selectFrom("result_space").select(SUM).where("machine_id", "=", p.machine_id),
);
const sumOfAll = statement<Record<never, never>>()((db) => db.selectFrom("result_space").select(SUM));

const upsert = statement<{
  result_id: string;
  action_id: string;
  command_index: number;
  machine_id: string;
  bytes: number;
  now_ms: number;
}>()((db, p) =>
  db
    .insertInto("result_space")
    .values({
      result_id: p.result_id,
      action_id: p.action_id,
      command_index: p.command_index,
      machine_id: p.machine_id,
      bytes: p.bytes,
      started_at_ms: p.now_ms,
      touched_at_ms: p.now_ms,
      is_kept: 0,
    })
    .onConflict((conflict) =>
      conflict.column("result_id").doUpdateSet((eb) => ({
        bytes: eb.ref("excluded.bytes"),
        touched_at_ms: eb.ref("excluded.touched_at_ms"),
      })),
    ),
);

const setKept = statement<{ result_id: string }>()((db, p) =>
  db.updateTable("result_space").set({ is_kept: 1 }).where("result_id", "=", p.result_id),
);
const removeSpace = statement<{ result_id: string }>()((db, p) =>
  db.deleteFrom("result_space").where("result_id", "=", p.result_id),
);
const removeUpload = statement<{ result_id: string }>()((db, p) =>
  db.deleteFrom("result_upload").where("result_id", "=", p.result_id),
);

const selectAbandoned = statement<{ cancelled_before_ms: number; touched_before_ms: number; limit: number }>()(
  (db, p) =>
    db
      .selectFrom("result_space")
      .leftJoin("machine_action", "machine_action.id", "result_space.action_id")
      .leftJoin("result_upload", "result_upload.result_id", "result_space.result_id")
      .select(["result_space.result_id", "result_space.action_id"])
      .where("result_space.is_kept", "=", 0)
      .where((eb) =>
        eb.or([
          eb("machine_action.id", "is", null),
          eb("machine_action.order_state", "=", "closed"),
          eb.and([
            eb("result_upload.result_id", "is", null),
            eb.or([
              eb("result_space.touched_at_ms", "<", p.touched_before_ms),
              eb.and([
                eb("machine_action.status", "=", "Cancelled"),
                eb("machine_action.final_at_ms", "<", p.cancelled_before_ms),
              ]),
            ]),
          ]),
        ]),
      )
      .orderBy("result_space.touched_at_ms")
      .limit(p.limit),
);
