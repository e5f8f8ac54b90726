/**
 * The configuration file of the agent: lines of `key = value`, and comments that begin with `#`. It
 * decides how long processes of scripts live and what scripts get, and the agent has full rights.
 * So the file must belong to the agent's user or to root, and no other account may write to it
 * (threat 2.3).
 */
import { constants, type Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { isErrno, reasonOf } from "../disk/errno.ts";
import { SettingsError } from "./settings-error.ts";

export interface ConfigLine {
  key: string;
  value: string;
  /** Counted from 1. */
  line: number;
}

/** A longer file was named by mistake. */
const MAX_FILE_BYTES = 64 * 1024;
const OTHERS_WRITE = 0o022;

/** Null when there is no such file. Throws a sentence for people. */
export async function readConfigFile(file: string): Promise<string | null> {
  let handle: FileHandle;
  try {
    // A named pipe would not answer otherwise.
    handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw new SettingsError([`The configuration file ${file} cannot be read: ${reasonOf(error)}.`], { cause: error });
  }
  await using opened = handle;
  // The open file is checked, because the name could name another file a moment later.
  const problem = whyUntrusted(await opened.stat(), process.geteuid?.() ?? null, file);
  if (problem !== null) throw new SettingsError([`The configuration file ${file} ${problem}.`]);
  const block = Buffer.alloc(MAX_FILE_BYTES + 1);
  let sizeBytes = 0;
  for (;;) {
    const { bytesRead } = await opened.read(block, sizeBytes, block.length - sizeBytes, sizeBytes);
    sizeBytes += bytesRead;
    if (sizeBytes > MAX_FILE_BYTES) {
      throw new SettingsError([
        `The configuration file ${file} is longer than ${MAX_FILE_BYTES} bytes: name another file.`,
      ]);
    }
    if (bytesRead === 0) return block.toString("utf8", 0, sizeBytes);
  }
}

/** @param ownUid null on Windows, where the access list of the data folder protects the file */
export function whyUntrusted(
  found: Pick<Stats, "uid" | "mode" | "isFile">,
  ownUid: number | null,
  file: string,
): string | null {
  if (!found.isFile()) return "is not a file";
  if (ownUid === null) return null;
  if (found.uid !== 0 && found.uid !== ownUid) {
    const owner = ownUid === 0 ? "root" : `the agent's user (${ownUid}) or to root`;
    return `belongs to the user with id ${found.uid}, but must belong to ${owner}. Fix it with: chown ${ownUid} ${file}`;
  }
  if ((found.mode & OTHERS_WRITE) !== 0) {
    const mode = (found.mode & 0o777).toString(8);
    return `can be written by others (mode ${mode}). Fix it with: chmod go-w ${file}`;
  }
  return null;
}

/** The settings in their order, and a sentence for each line that is none. */
export function parseConfigFile(text: string): { lines: ConfigLine[]; faults: { line: number; fault: string }[] } {
  const lines: ConfigLine[] = [];
  const faults: { line: number; fault: string }[] = [];
  // Some editors put a byte order mark first.
  const all = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  for (const [index, full] of all.entries()) {
    const line = index + 1;
    const content = full.replace(/(^|\s)#.*$/, "").trim();
    if (content === "") continue;
    const [, key, value] = /^([^=\s]+)\s*=\s*(.*)$/.exec(content) ?? [];
    if (key === undefined || value === undefined) {
      faults.push({ line, fault: `'${shown(content)}' is not a setting: write key = value, or # before a comment` });
      continue;
    }
    const earlier = lines.find((other) => other.key === key);
    if (earlier) faults.push({ line, fault: `${key} is already set in line ${earlier.line}: remove one of them` });
    else lines.push({ key, value, line });
  }
  return { lines, faults };
}

/** A file that was named by mistake can have anything in it. */
export function shown(text: string): string {
  const LONGEST = 60;
  const line = text.replace(/\p{C}/gu, "?");
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}...` : line;
}
