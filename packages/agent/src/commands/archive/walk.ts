/**
 * The names below a folder, each folder sorted by bytes, without following a link and without
 * leaving the file system. Memory: the names of the folders on the way to the current one.
 */
import type { BigIntStats } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { isErrno } from "../../disk/errno.ts";
import { LIMITS } from "../../limits.ts";
import { TransferFailedError } from "../../transfer/transfer-watch.ts";
import type { Calls } from "./archive-calls.ts";
import type { Mounts } from "./mounts.ts";
import { bufferOf, joined, type PathBytes, textOf } from "./path-bytes.ts";
import { type Pattern, type Positions, startOf, step } from "./pattern.ts";

/** `stat`: null when the name could not be looked at. `error`: what is missing of it. */
export interface Found {
  path: PathBytes;
  stat: BigIntStats | null;
  error: string | null;
  /** False for a folder on the way that could not be searched. */
  isMatch: boolean;
}

export interface Search {
  startFolder: PathBytes;
  parts: Pattern["parts"];
  /** The folder itself is the first name. */
  withStart: boolean;
  mounts: Mounts;
}

interface OpenFolder {
  path: PathBytes;
  names: readonly PathBytes[];
  next: number;
  positions: Positions;
}

export async function* walk(search: Search, calls: Calls): AsyncGenerator<Found, void, undefined> {
  const { startFolder, parts, mounts } = search;
  const { stat: start, error: startError } = await lookAt(startFolder, calls);
  if (!start) throw new TransferFailedError(`'${textOf(startFolder)}' cannot be fetched: ${startError}.`);
  const opened = await namesIn(startFolder, start, calls);
  if (search.withStart || opened.error !== null) {
    yield { path: startFolder, stat: start, error: opened.error, isMatch: search.withStart };
  }
  const stack: OpenFolder[] = [{ path: startFolder, names: opened.names, next: 0, positions: startOf(parts) }];
  for (let folder = stack.at(-1); folder; folder = stack.at(-1)) {
    const name = folder.names[folder.next++];
    if (name === undefined) {
      stack.pop();
      continue;
    }
    const { isMatch, below } = step(parts, folder.positions, name);
    if (!isMatch && below.length === 0) continue;
    const path = joined(folder.path, name);
    if (mounts.has(path)) {
      yield { path, stat: null, error: OTHER_FILE_SYSTEM, isMatch };
      continue;
    }
    const { stat, error } = await lookAt(path, calls);
    if (stat?.isDirectory() !== true) {
      if (isMatch) yield { path, stat, error, isMatch };
      continue;
    }
    const inside =
      stat.dev !== start.dev
        ? { names: [], error: OTHER_FILE_SYSTEM }
        : below.length === 0
          ? { names: [], error: null }
          : await namesIn(path, stat, calls);
    if (isMatch || inside.error !== null) yield { path, stat, error: inside.error, isMatch };
    if (inside.names.length > 0) stack.push({ path, names: inside.names, next: 0, positions: below });
  }
}

const OTHER_FILE_SYSTEM = "another file system is mounted there; ask for it by its own path";

async function lookAt(path: PathBytes, calls: Calls): Promise<Pick<Found, "stat" | "error">> {
  try {
    return { stat: await calls.run(() => lstat(bufferOf(path), { bigint: true })), error: null };
  } catch (error) {
    const reason = calls.reasonUnlessOver(error);
    return { stat: null, error: isErrno(error, "ENOENT") ? "it was removed meanwhile" : reason };
  }
}

async function namesIn(
  path: PathBytes,
  stat: BigIntStats,
  calls: Calls,
): Promise<{ names: PathBytes[]; error: string | null }> {
  if (stat.size > LIMITS.maxFolderListBytes) {
    return { names: [], error: `the folder has too many names: its own size is ${stat.size} bytes` };
  }
  try {
    const names = await calls.run(() => readdir(bufferOf(path), { encoding: "buffer" }));
    return { names: names.map((name) => name.toString("latin1")).sort(byBytes), error: null };
  } catch (error) {
    return { names: [], error: calls.reasonUnlessOver(error) };
  }
}

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
