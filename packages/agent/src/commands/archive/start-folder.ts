/** Finds the folder in which a collection starts, and what is searched below it. */
import type { BigIntStats } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { ok } from "@halligan/protocol/errors";
import type { OrderArchive } from "@halligan/protocol/link";
import type { DataFolder } from "../../disk/data-folder.ts";
import { isErrno } from "../../disk/errno.ts";
import { LIMITS } from "../../limits.ts";
import { TransferFailedError } from "../../transfer/transfer-watch.ts";
import type { Calls } from "./archive-calls.ts";
import { isKernelFileSystem, readMounts } from "./mounts.ts";
import { bufferOf, bytesOfText, joined, type PathBytes, textOf } from "./path-bytes.ts";
import { EVERYTHING, type Pattern, parsePattern } from "./pattern.ts";
import type { Search } from "./walk.ts";

export interface Start extends Search {
  /** The start folder when the path that was asked for leads to it through a link; else null. */
  linkTarget: string | null;
}

/** Rejects with TransferFailedError for what cannot be searched. */
export async function findStart(
  asked: PathBytes,
  kind: OrderArchive["kind"],
  { work }: Pick<DataFolder, "work">,
  calls: Calls,
): Promise<Start> {
  const refuse = (why: string, cause?: unknown) =>
    new TransferFailedError(`'${textOf(asked)}' cannot be fetched as a ${kind}: ${why}.`, { cause });
  if (process.platform === "win32") throw refuse("this agent collects single files only on Windows");
  if (asked === "") throw refuse("the path is empty");
  if (asked.includes("\0")) throw refuse("the path contains a NUL character");
  if (asked.length > LIMITS.maxPatternBytes) throw refuse(`it is longer than ${LIMITS.maxPatternBytes} bytes`);
  const isInWork = !asked.startsWith("/");
  const absolute = isInWork ? joined(inFull(work, kind), asked) : asked;
  const pattern = kind === "pattern" ? parsePattern(absolute) : ok(folderAsPattern(absolute));
  if (!pattern.ok) throw refuse(pattern.error);
  const { startFolder: named, parts, isRecursive } = pattern.value;
  let startFolder: PathBytes;
  let found: BigIntStats;
  try {
    startFolder = (await calls.run(() => realpath(bufferOf(named), { encoding: "buffer" }))).toString("latin1");
    found = await calls.run(() => stat(bufferOf(startFolder), { bigint: true }));
    const realWork = (await calls.run(() => realpath(bufferOf(bytesOfText(work)), { encoding: "buffer" }))).toString(
      "latin1",
    );
    if (isInWork && startFolder !== realWork && !startFolder.startsWith(`${realWork}/`)) {
      throw refuse("a relative path must stay in the working folder");
    }
  } catch (error) {
    if (error instanceof TransferFailedError) throw error;
    const reason = calls.reasonUnlessOver(error);
    throw refuse(isErrno(error, "ENOENT") ? `the folder '${textOf(named)}' does not exist` : reason, error);
  }
  if (!found.isDirectory()) {
    throw refuse(kind === "folder" ? "it is not a folder; ask for it as a file" : `'${textOf(named)}' is not a folder`);
  }
  const mounts = readMounts();
  const type = mounts.typeAt(startFolder);
  if (isRecursive && isKernelFileSystem(type)) {
    throw refuse(
      `the kernel makes its files (${type}), so it is not searched whole; name them by a pattern without **`,
    );
  }
  const isNamed = startFolder === withoutDots(named);
  return { startFolder, parts, withStart: kind === "folder", mounts, linkTarget: isNamed ? null : textOf(startFolder) };
}

function folderAsPattern(path: PathBytes): Pattern {
  return { startFolder: path, parts: EVERYTHING, isRecursive: true };
}

/** The path of the working folder as a part of a pattern has no wildcards. */
function inFull(work: string, kind: OrderArchive["kind"]): PathBytes {
  const path = bytesOfText(work);
  return kind === "pattern" ? path.replace(/[\\*?[]/g, "\\$&") : path;
}

const withoutDots = (path: PathBytes): PathBytes =>
  `/${path
    .split("/")
    .filter((name) => name !== "" && name !== ".")
    .join("/")}`;
