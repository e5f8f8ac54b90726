import { open } from "node:fs/promises";
import Database from "better-sqlite3";

/**
 * Copies all pages in one step. If the copy were made in steps of some pages, it would restart with
 * each commit of the running server.
 */
const ALL_PAGES = 0x7fff_ffff;

/**
 * Copies the database of a server that may be running, as of one moment. Readers and the writer
 * continue, but the write-ahead log cannot be checkpointed meanwhile and grows. `to` must not
 * exist.
 */
export async function backUpDatabase(from: string, to: string): Promise<void> {
  const source = new Database(from, { readonly: true, fileMustExist: true });
  try {
    await source.backup(to, { progress: () => ALL_PAGES });
  } finally {
    source.close();
  }
  await using file = await open(to, "r+");
  await file.sync();
}

/** Names the blobs that the rows of a database refer to, each with its size. */
export function* referencedBlobs(databaseFile: string): Generator<ReferencedBlob> {
  const database = new Database(databaseFile, { readonly: true, fileMustExist: true });
  try {
    yield* database.prepare<[], ReferencedBlob>(REFERENCED_BLOBS).iterate();
  } finally {
    database.close();
  }
}

export interface ReferencedBlob {
  readonly kind: "library" | "results";
  readonly id: string;
  readonly sizeBytes: number;
}

const REFERENCED_BLOBS = `
  select distinct 'library' as kind, sha256 as id, size_bytes as "sizeBytes" from library_file
    where content_state is null
  union all
  select 'results', result_id, size_bytes from result_upload
  union all
  select 'results', id, size_bytes from staged_content where state = 'staged'`;
