import { type Selectable, sql } from "kysely";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import type { LibraryFile, LibraryFileVersion } from "../../domain/library/library-file.ts";
import type { LibraryFileTable } from "../schema.ts";
import { type Executor, statement } from "../statement.ts";
import { VersionConflictError } from "../version-conflict-error.ts";

const REMOVING = sql.lit<"removing">("removing");
const REMOVED = sql.lit<"removed">("removed");

export type LibraryFiles = ReturnType<typeof libraryFiles>;

/**
 * Each upload is a row. The present version of a name has no end time. Older rows stay; their
 * content is removed after the retention period.
 */
export function libraryFiles(executor: Executor) {
  return {
    async byName(fileName: string): Promise<LibraryFile | undefined> {
      const [row] = await executor.all(selectByName, { file_name: fileName });
      return row && fromRow(row);
    },
    /** The present files with these bytes, by name. */
    async byContent(sha256: string): Promise<LibraryFile[]> {
      return (await executor.all(selectByContent, { sha256 })).map(fromRow);
    },
    /** Accounts that uploaded these bytes, under any name. */
    async ownerAccountsOf(sha256: string): Promise<(string | null)[]> {
      const rows = await executor.all(selectOwnersOf, { sha256 });
      return rows.map((row) => row.owner_account_id ?? row.owner_id);
    },
    /**
     * The present version of a name, or its last one, because a name keeps its owner after its file
     * was removed.
     */
    async lastOf(fileName: string): Promise<LibraryFileVersion | undefined> {
      const [row] = await executor.all(selectLast, { file_name: fileName });
      return row && { ...fromRow(row), endedAtMs: row.ended_at_ms };
    },
    async list(): Promise<LibraryFile[]> {
      return (await executor.all(selectPresent, {})).map(fromRow);
    },
    /** Newest first. */
    async versions(fileName: string): Promise<LibraryFileVersion[]> {
      const rows = await executor.all(selectVersions, { file_name: fileName });
      return rows.map((row) => ({ ...fromRow(row), endedAtMs: row.ended_at_ms }));
    },
    /**
     * Until this transaction ends, no other one adds or removes content. An upload and a removal
     * may be about the same bytes.
     */
    async lockContents(): Promise<void> {
      await executor.all(lockContents, { key: CONTENTS_LOCK });
    },
    /**
     * Marks content whose files all ended before `beforeMs`. Returns its SHA-256, together with
     * marked content of earlier calls that was not removed. Call after `lockContents`.
     */
    async markUnused(beforeMs: number, limit: number): Promise<string[]> {
      const rows = await executor.all(selectUnused, { before_ms: beforeMs, limit });
      for (const { sha256 } of rows) await executor.all(markRemoving, { sha256 });
      return rows.map(({ sha256 }) => sha256);
    },
    /** Call after its bytes were removed. False when it was not marked. */
    async markRemoved(sha256: string): Promise<boolean> {
      return (await executor.all(markRemoved, { sha256 })).length > 0;
    },
    /** Call after `lockContents`. */
    async isBeingRemoved(sha256: string): Promise<boolean> {
      return (await executor.all(selectRemoving, { sha256 })).length > 0;
    },
    async insert(file: LibraryFile): Promise<void> {
      await executor.all(insert, {
        file_name: file.fileName,
        sha256: file.sha256,
        size_bytes: file.sizeBytes,
        description: file.description,
        has_parameters: file.hasParameters ? 1 : 0,
        parameters_description: file.parametersDescription,
        created_by: file.createdBy,
        created_at_ms: file.createdAtMs,
        updated_by: file.updatedBy,
        updated_at_ms: file.updatedAtMs,
        owner_id: file.ownerId,
        owner_account_id: file.ownerAccountId,
        device_groups: file.deviceGroups && JSON.stringify(file.deviceGroups),
      });
    },
    /**
     * Ends the present version, replaced or removed. The row stays as history. False when there was
     * none.
     */
    async end(fileName: string, nowMs: number): Promise<boolean> {
      if ((await executor.all(endPresent, { file_name: fileName, now_ms: nowMs })).length > 0) return true;
      if (!executor.hasOtherWriters) return false;
      // Another upload may have replaced the row while this statement waited for it. Then this
      // statement did not see the new row.
      const [present] = await executor.all(selectByName, { file_name: fileName });
      if (present) throw new VersionConflictError(`the library file ${fileName} was replaced by another upload`);
      return false;
    },
  };
}

const CONTENTS_LOCK = "library-contents";

/** The row is the lock on every node. */
const lockContents = statement<{ key: string }>()((db, p) =>
  db
    .insertInto("meta")
    .values({ key: p.key, value: "1" })
    .onConflict((conflict) => conflict.column("key").doUpdateSet((eb) => ({ value: eb.ref("excluded.value") }))),
);

/** Content is unused when no present version has it and none has ended since `before_ms`. */
const selectUnused = statement<{ before_ms: number; limit: number }>()((db, p) =>
  db
    .selectFrom("library_file as ended")
    .select("ended.sha256")
    .distinct()
    .where("ended.ended_at_ms", "<", p.before_ms)
    .where((or) => or.or([or("ended.content_state", "is", null), or("ended.content_state", "=", REMOVING)]))
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("library_file as other")
            .select("other.seq")
            .whereRef("other.sha256", "=", "ended.sha256")
            .where((or) => or.or([or("other.ended_at_ms", "is", null), or("other.ended_at_ms", ">=", p.before_ms)])),
        ),
      ),
    )
    .orderBy("ended.sha256")
    .limit(p.limit),
);

const markRemoving = statement<{ sha256: string }>()((db, p) =>
  db.updateTable("library_file").set({ content_state: REMOVING }).where("sha256", "=", p.sha256),
);

const markRemoved = statement<{ sha256: string }>()((db, p) =>
  db
    .updateTable("library_file")
    .set({ content_state: REMOVED })
    .where("sha256", "=", p.sha256)
    .where("content_state", "=", REMOVING)
    .returning("seq"),
);

const selectRemoving = statement<{ sha256: string }>()((db, p) =>
  db
    .selectFrom("library_file")
    .select("seq")
    .where("sha256", "=", p.sha256)
    .where("content_state", "=", REMOVING)
    .limit(1),
);

const selectByName = statement<{ file_name: string }>()((db, p) =>
  db.selectFrom("library_file").selectAll().where("file_name", "=", p.file_name).where("ended_at_ms", "is", null),
);

const selectByContent = statement<{ sha256: string }>()((db, p) =>
  db
    .selectFrom("library_file")
    .selectAll()
    .where("sha256", "=", p.sha256)
    .where("ended_at_ms", "is", null)
    .orderBy("file_name"),
);

const selectOwnersOf = statement<{ sha256: string }>()((db, p) =>
  db.selectFrom("library_file").select(["owner_id", "owner_account_id"]).distinct().where("sha256", "=", p.sha256),
);

const selectLast = statement<{ file_name: string }>()((db, p) =>
  db.selectFrom("library_file").selectAll().where("file_name", "=", p.file_name).orderBy("seq", "desc").limit(1),
);

const selectPresent = statement<Record<never, never>>()((db) =>
  db.selectFrom("library_file").selectAll().where("ended_at_ms", "is", null).orderBy("file_name"),
);

const selectVersions = statement<{ file_name: string }>()((db, p) =>
  db.selectFrom("library_file").selectAll().where("file_name", "=", p.file_name).orderBy("seq", "desc").limit(1_000),
);

const insert = statement<Omit<Selectable<LibraryFileTable>, "seq" | "ended_at_ms" | "content_state">>()((db, p) =>
  db.insertInto("library_file").values({
    file_name: p.file_name,
    sha256: p.sha256,
    size_bytes: p.size_bytes,
    description: p.description,
    has_parameters: p.has_parameters,
    parameters_description: p.parameters_description,
    created_by: p.created_by,
    created_at_ms: p.created_at_ms,
    updated_by: p.updated_by,
    updated_at_ms: p.updated_at_ms,
    ended_at_ms: null,
    owner_id: p.owner_id,
    owner_account_id: p.owner_account_id,
    device_groups: p.device_groups,
    content_state: null,
  }),
);

const endPresent = statement<{ file_name: string; now_ms: number }>()((db, p) =>
  db
    .updateTable("library_file")
    .set({ ended_at_ms: p.now_ms })
    .where("file_name", "=", p.file_name)
    .where("ended_at_ms", "is", null)
    .returning("seq"),
);

function fromRow(row: Selectable<LibraryFileTable>): LibraryFile {
  return {
    fileName: row.file_name,
    sha256: row.sha256,
    sizeBytes: row.size_bytes,
    description: row.description,
    hasParameters: row.has_parameters === 1,
    parametersDescription: row.parameters_description,
    createdBy: row.created_by,
    createdAtMs: row.created_at_ms,
    updatedBy: row.updated_by,
    updatedAtMs: row.updated_at_ms,
    ownerId: row.owner_id,
    ownerAccountId: row.owner_account_id ?? row.owner_id,
    deviceGroups: parseGroups(row.device_groups),
  };
}

const StoredGroups = Compile(Type.Array(Type.Integer()));

function parseGroups(json: string | null): readonly number[] | null {
  if (json === null) return null;
  const value: unknown = JSON.parse(json);
  if (StoredGroups.Check(value)) return value;
  throw new Error("the stored device groups of a library file do not match their schema");
}
