import { sql } from "kysely";
import { type Executor, statement } from "../statement.ts";
import { isOf, keyOf } from "./command-end-key.ts";

export type Results = ReturnType<typeof results>;

/**
 * Small transcripts are in the database. They become durable in the same commit as their command's
 * end; a separate file would cost two more fsyncs. Large results are in the blob store; `upload`
 * contains what was verified there.
 */
export function results(executor: Executor) {
  return {
    async insertInline(actionId: string, index: number, content: Uint8Array): Promise<void> {
      await executor.all(insertInline, { action_id: actionId, command_index: index, content });
    },
    async inline(actionId: string, index: number): Promise<Uint8Array | undefined> {
      const command = { action_id: actionId, command_index: index };
      const [row] = await executor.all(selectInline, command);
      const [old] = row ? [row] : await executor.all(selectOldInline, command);
      return old?.content ?? undefined;
    },
    async insertUpload(upload: {
      resultId: string;
      actionId: string;
      sizeBytes: number;
      sha256: string;
      completedAtMs: number;
    }): Promise<void> {
      await executor.all(insertUpload, {
        result_id: upload.resultId,
        action_id: upload.actionId,
        size_bytes: upload.sizeBytes,
        sha256: upload.sha256,
        completed_at_ms: upload.completedAtMs,
      });
    },
    /**
     * Ids of all uploads of an action, including partial ones and those that no command's end
     * named.
     */
    async uploadsOf(actionId: string): Promise<string[]> {
      return (await executor.all(selectUploadsOf, { action_id: actionId })).map((row) => row.result_id);
    },
    async removeOf(actionId: string): Promise<void> {
      await executor.all(clearInline, { action_id: actionId });
      await executor.all(removeOldInline, { action_id: actionId });
      await executor.all(removeUploads, { action_id: actionId });
      await executor.all(removeSpaces, { action_id: actionId });
    },
    async upload(resultId: string): Promise<{ sizeBytes: number; sha256: string } | undefined> {
      const [row] = await executor.all(selectUpload, { result_id: resultId });
      return row && { sizeBytes: row.size_bytes, sha256: row.sha256 };
    },
  };
}

const insertInline = statement<{ action_id: string; command_index: number; content: Uint8Array }>()((db, p) =>
  db
    .insertInto("command_end")
    .columns(["key", "content"])
    .expression((action) =>
      action
        .selectFrom("machine_action")
        .select([keyOf(p.command_index).as("key"), sql<Uint8Array>`${p.content}`.as("content")])
        .where("id", "=", p.action_id),
    )
    .onConflict((conflict) =>
      conflict
        .column("key")
        .doUpdateSet((eb) => ({ content: eb.ref("excluded.content") }))
        .where("command_end.content", "is", null),
    ),
);

const selectInline = statement<{ action_id: string; command_index: number }>()((db, p) =>
  db
    .selectFrom("command_end")
    .select("content")
    .where("key", "=", (action) =>
      action.selectFrom("machine_action").select(keyOf(p.command_index).as("key")).where("id", "=", p.action_id),
    )
    .where("content", "is not", null),
);

const selectOldInline = statement<{ action_id: string; command_index: number }>()((db, p) =>
  db
    .selectFrom("inline_result")
    .select("content")
    .where("action_id", "=", p.action_id)
    .where("command_index", "=", p.command_index),
);

const insertUpload = statement<{
  result_id: string;
  action_id: string;
  size_bytes: number;
  sha256: string;
  completed_at_ms: number;
}>()((db, p) =>
  db
    .insertInto("result_upload")
    .values({
      result_id: p.result_id,
      action_id: p.action_id,
      size_bytes: p.size_bytes,
      sha256: p.sha256,
      completed_at_ms: p.completed_at_ms,
    })
    .onConflict((conflict) => conflict.doNothing()),
);

const selectUploadsOf = statement<{ action_id: string }>()((db, p) =>
  db
    .selectFrom("result_upload")
    .select("result_id")
    .where("action_id", "=", p.action_id)
    .union(db.selectFrom("result_space").select("result_id").where("action_id", "=", p.action_id)),
);
const clearInline = statement<{ action_id: string }>()((db, p) =>
  db.updateTable("command_end").set({ content: null }).where(isOf(p.action_id)),
);
const removeOldInline = statement<{ action_id: string }>()((db, p) =>
  db.deleteFrom("inline_result").where("action_id", "=", p.action_id),
);
const removeUploads = statement<{ action_id: string }>()((db, p) =>
  db.deleteFrom("result_upload").where("action_id", "=", p.action_id),
);

const removeSpaces = statement<{ action_id: string }>()((db, p) =>
  db.deleteFrom("result_space").where("action_id", "=", p.action_id),
);

const selectUpload = statement<{ result_id: string }>()((db, p) =>
  db.selectFrom("result_upload").select(["size_bytes", "sha256"]).where("result_id", "=", p.result_id),
);
