import { mkdir, readdir, rename, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { backUpBlobFolder, blobSizeIn, copyDurably } from "../blobs/disk/back-up-folder.ts";
import { syncFolder } from "../blobs/disk-files.ts";
import { type Config, ConfigError } from "../config/config.ts";
import { backUpDatabase, type ReferencedBlob, referencedBlobs } from "../store/sqlite/back-up-database.ts";
import type { BackendSettings } from "./backend-settings.ts";

export interface Backup {
  readonly folder: string;
  readonly databaseBytes: number;
  /** Null when the bytes are in object storage, which has its own backups. */
  readonly blobs: number | null;
  /** Blobs that the database refers to and the blob folder does not have. */
  readonly missing: readonly string[];
}

/**
 * `halligan-server backup DIR`: makes a copy that can replace a lost data folder, while the server
 * runs. The database is copied first and the bytes after it. A result has its bytes before its row,
 * so the bytes of every copied row exist. administrator.json is not copied, because a backup would
 * keep a valid secret long after the file was removed.
 */
export async function backUp(config: Config, backendSettings: BackendSettings, target: string): Promise<Backup> {
  if (backendSettings.database) {
    throw new ConfigError("HALLIGAN_DATABASE_URL is set: back the database up with pg_dump, see docs/operations.md");
  }
  const source = join(config.dataDir, "halligan.db");
  await stat(source).catch((cause: unknown) => {
    throw new ConfigError(`there is no database in ${config.dataDir}; set HALLIGAN_DATA_DIR or --data`, { cause });
  });
  const folder = resolve(target);
  const unfinished = await beginFolder(folder);
  const database = join(unfinished, "halligan.db");
  await backUpDatabase(source, database);
  await copyFiles(config.keysDir, join(unfinished, "keys"));
  const blobs = await backUpBlobs(backendSettings, unfinished);
  const missing = blobs === null ? [] : await missingBlobs(database, source, join(unfinished, "blobs"));
  await syncFolder(unfinished);
  await rename(unfinished, folder);
  await syncFolder(dirname(folder));
  return { folder, databaseBytes: (await stat(join(folder, "halligan.db"))).size, blobs, missing };
}

/**
 * The folder has another name until it is complete, so an interrupted backup is not mistaken for a
 * backup.
 */
async function beginFolder(folder: string): Promise<string> {
  const isThere = await stat(folder).then(
    () => true,
    () => false,
  );
  if (isThere) throw new ConfigError(`${folder} exists already; name a new folder for the backup`);
  const unfinished = join(dirname(folder), `.${basename(folder)}.unfinished`);
  try {
    await mkdir(unfinished, { mode: 0o700 });
  } catch (cause) {
    throw new ConfigError(`${unfinished} could not be created; remove the remains of an earlier backup`, { cause });
  }
  return unfinished;
}

async function copyFiles(from: string, to: string): Promise<void> {
  await mkdir(to, { mode: 0o700 });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (entry.isFile()) await copyDurably(join(from, entry.name), join(to, entry.name));
  }
  await syncFolder(to);
}

async function backUpBlobs({ blobs: { location } }: BackendSettings, folder: string): Promise<number | null> {
  return location.kind === "folder" ? await backUpBlobFolder(location.folder, join(folder, "blobs")) : null;
}

/** Rows that retention has removed since the copy of the database do not count as missing. */
async function missingBlobs(copied: string, source: string, folder: string): Promise<string[]> {
  const nameOf = ({ kind, id }: ReferencedBlob) => `${kind}/${id}`;
  const missing: string[] = [];
  for (const blob of referencedBlobs(copied)) {
    if ((await blobSizeIn(folder, blob.kind, blob.id)) !== blob.sizeBytes) missing.push(nameOf(blob));
  }
  if (missing.length === 0) return [];
  const current = new Set([...referencedBlobs(source)].map(nameOf));
  return missing.filter((name) => current.has(name));
}
