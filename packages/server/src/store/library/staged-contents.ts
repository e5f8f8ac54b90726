import { sql } from "kysely";
import { type Executor, statement } from "../statement.ts";
import { VersionConflictError } from "../version-conflict-error.ts";

export type StagedContents = ReturnType<typeof stagedContents>;

export interface StagedContent {
  /** Also the id of its bytes in the blob store. */
  id: string;
  sha256: string;
  sizeBytes: number;
}

/** Written as constants, so that SQLite can use the partial indexes. */
const UPLOADING = sql.lit("uploading");
const STAGED = sql.lit("staged");
const REMOVING = sql.lit("removing");
const NONE = sql.lit(0);

/**
 * Bytes that a caller uploaded for its actions. The number of actions that keep a content is in its
 * own row. A transaction that removes it and one that starts to use it change the same row, so one
 * of the two fails, on every node.
 */
export function stagedContents(executor: Executor) {
  return {
    async find(ownerId: string, sha256: string): Promise<StagedContent | undefined> {
      const [row] = await executor.all(selectStaged, { owner_id: ownerId, sha256 });
      return row && { id: row.id, sha256: row.sha256, sizeBytes: row.size_bytes };
    },
    /**
     * Staged content of an account and the applications that it created that no action keeps,
     * including running uploads.
     */
    async unusedOf(accountId: string): Promise<{ sizeBytes: number; count: number }> {
      const [row] = await executor.all(sumUnused, { account_id: accountId });
      return { sizeBytes: Number(row?.size_bytes ?? 0), count: row?.contents ?? 0 };
    },
    async insertUpload(upload: StagedContent & { ownerId: string; expiresAtMs: number }): Promise<void> {
      await executor.all(insertUpload, {
        id: upload.id,
        owner_id: upload.ownerId,
        sha256: upload.sha256,
        size_bytes: upload.sizeBytes,
        expires_at_ms: upload.expiresAtMs,
      });
    },
    /** Its bytes are durable. False when it was abandoned meanwhile. */
    async finishUpload(id: string, expiresAtMs: number): Promise<boolean> {
      return (await executor.all(finishUpload, { id, expires_at_ms: expiresAtMs })).length > 0;
    },
    /**
     * Keeps it until then. The content was read in this transaction. If it is gone by now, the
     * transaction is repeated.
     */
    async prolong(id: string, expiresAtMs: number): Promise<void> {
      if ((await executor.all(prolong, { id, expires_at_ms: expiresAtMs })).length === 0)
        throw new ContentRemovedError(id);
    },
    /**
     * One more action keeps it. The content was read in this transaction. If it is gone by now, the
     * transaction is repeated.
     */
    async use(id: string): Promise<void> {
      if ((await executor.all(use, { id })).length === 0) throw new ContentRemovedError(id);
    },
    /** One action less keeps it. */
    async release(id: string): Promise<void> {
      await executor.all(release, { id });
    },
    /**
     * Marks expired content that no action keeps, so that no action can use it. Returns its ids,
     * including those of earlier calls that were not removed.
     */
    async markExpired(nowMs: number, limit: number): Promise<string[]> {
      return (await executor.all(markExpired, { now_ms: nowMs, limit })).map(({ id }) => id);
    },
    /** Marks it for removal because its upload was abandoned. False when an action keeps it. */
    async markAbandoned(id: string): Promise<boolean> {
      return (await executor.all(markAbandoned, { id })).length > 0;
    },
    /** Call after its bytes were removed. */
    async remove(id: string): Promise<void> {
      await executor.all(remove, { id });
    },
  };
}

class ContentRemovedError extends VersionConflictError {
  override readonly name = "ContentRemovedError";

  constructor(id: string) {
    super(`the staged content ${id} was removed by another transaction`);
  }
}

const selectStaged = statement<{ owner_id: string; sha256: string }>()((db, p) =>
  db
    .selectFrom("staged_content")
    .select(["id", "sha256", "size_bytes"])
    .where("owner_id", "=", p.owner_id)
    .where("sha256", "=", p.sha256)
    .where("state", "=", STAGED),
);

/**
 * Removed applications keep their row, so an account gains no space by creating and removing
 * applications.
 */
const sumUnused = statement<{ account_id: string }>()((db, p) =>
  db
    .selectFrom("staged_content")
    .select((eb) => [eb.fn.sum<number>("size_bytes").as("size_bytes"), eb.fn.countAll<number>().as("contents")])
    .where((eb) =>
      eb.or([
        eb("owner_id", "=", p.account_id),
        eb("owner_id", "in", (made) =>
          made.selectFrom("application").select("client_id").where("application.owner_id", "=", p.account_id),
        ),
      ]),
    )
    .where("uses", "=", NONE),
);

const insertUpload = statement<{
  id: string;
  owner_id: string;
  sha256: string;
  size_bytes: number;
  expires_at_ms: number;
}>()((db, p) =>
  db.insertInto("staged_content").values({
    id: p.id,
    owner_id: p.owner_id,
    sha256: p.sha256,
    size_bytes: p.size_bytes,
    state: UPLOADING,
    uses: NONE,
    expires_at_ms: p.expires_at_ms,
  }),
);

const finishUpload = statement<{ id: string; expires_at_ms: number }>()((db, p) =>
  db
    .updateTable("staged_content")
    .set({ state: STAGED, expires_at_ms: p.expires_at_ms })
    .where("id", "=", p.id)
    .where("state", "=", UPLOADING)
    .returning("id"),
);

const prolong = statement<{ id: string; expires_at_ms: number }>()((db, p) =>
  db
    .updateTable("staged_content")
    .set({ expires_at_ms: p.expires_at_ms })
    .where("id", "=", p.id)
    .where("state", "=", STAGED)
    .returning("id"),
);

const use = statement<{ id: string }>()((db, p) =>
  db
    .updateTable("staged_content")
    .set((eb) => ({ uses: eb("uses", "+", 1) }))
    .where("id", "=", p.id)
    .where("state", "=", STAGED)
    .returning("id"),
);

const release = statement<{ id: string }>()((db, p) =>
  db
    .updateTable("staged_content")
    .set((eb) => ({ uses: eb("uses", "-", 1) }))
    .where("id", "=", p.id)
    .where("uses", ">", NONE),
);

const markExpired = statement<{ now_ms: number; limit: number }>()((db, p) =>
  db
    .updateTable("staged_content")
    .set({ state: REMOVING })
    .where("id", "in", (expired) =>
      expired
        .selectFrom("staged_content")
        .select("id")
        .where("uses", "=", NONE)
        .where("expires_at_ms", "<=", p.now_ms)
        .orderBy("expires_at_ms")
        .limit(p.limit),
    )
    // Checked again on the row itself, because an action may have begun to use it while this
    // statement waited for the row.
    .where("uses", "=", NONE)
    .where("expires_at_ms", "<=", p.now_ms)
    .returning("id"),
);

const markAbandoned = statement<{ id: string }>()((db, p) =>
  db
    .updateTable("staged_content")
    .set({ state: REMOVING, expires_at_ms: NONE })
    .where("id", "=", p.id)
    .where("uses", "=", NONE)
    .returning("id"),
);

const remove = statement<{ id: string }>()((db, p) =>
  db.deleteFrom("staged_content").where("id", "=", p.id).where("state", "=", REMOVING),
);
