/** `halligan-agent log`: prints the owner's log, also while the agent runs. */
import { stat } from "node:fs/promises";
import { isoTimeMs } from "@halligan/protocol/text";
import { sleep, systemClock } from "@halligan/protocol/time";
import { isErrno, reasonOf } from "../disk/errno.ts";
import { LIMITS } from "../limits.ts";
import { escapeControls } from "../log.ts";
import { wallClockMs, writtenTimeMs } from "../wall-clock.ts";
import { ownersLogFolder } from "./log-files.ts";
import { type LogRecord, parseLogLine } from "./log-record.ts";
import { logText } from "./log-text.ts";
import { LogReader } from "./read-log.ts";

export interface LogWish {
  /** The data folder. */
  root: string;
  isJson: boolean;
  /** Keeps printing new lines until the signal. */
  follows: boolean;
  /** Unix milliseconds by the device's clock; null for all. */
  sinceMs: number | null;
}

/** Rejects with a sentence for people. `print` gets whole lines. */
export async function printLog(wish: LogWish, print: (text: string) => Promise<void>, signal: AbortSignal) {
  const folder = ownersLogFolder(wish.root);
  await checkFolder(folder, wish.root);
  const reader = new LogReader(folder);
  for (;;) {
    for await (const line of reader.newLines()) {
      if (signal.aborted) return;
      const record = parseLogLine(line);
      if (isWanted(record, wish.sinceMs)) await print(`${shown(line, record, wish.isJson)}\n`);
    }
    if (!wish.follows) return;
    try {
      await sleep(systemClock, LIMITS.logFollowMs, signal);
    } catch {
      return;
    }
  }
}

function shown(line: string, record: LogRecord | null, isJson: boolean): string {
  if (isJson) return escapeControls(JSON.stringify(record ?? { unreadable: line }));
  return record ? logText(record) : `(a line of ${line.length} characters that is not readable)`;
}

/** A line without a time is shown: it may be what is looked for. */
function isWanted(record: LogRecord | null, sinceMs: number | null): boolean {
  const atMs = record && writtenTimeMs(record.at);
  return sinceMs === null || atMs === null || atMs >= sinceMs;
}

async function checkFolder(folder: string, root: string): Promise<void> {
  try {
    await stat(folder);
  } catch (error) {
    if (isErrno(error, "ENOENT")) {
      throw new Error(
        `There is no owner's log in ${root}. If the agent uses another data folder, name it with --data.`,
      );
    }
    if (isErrno(error, "EACCES", "EPERM")) {
      const who = process.platform === "win32" ? "an administrator" : "root and the agent's user";
      throw new Error(`The owner's log in ${root} can be read by ${who} only.`);
    }
    throw new Error(`The owner's log in ${root} cannot be read: ${reasonOf(error)}.`, { cause: error });
  }
}

const UNITS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A time as `2026-11-28T12:00:00Z` or `2026-11-28`, or how long ago, as `90s`, `30m`, `2h` or `7d`.
 * Null for neither.
 */
export function sinceMs(text: string): number | null {
  const [, amount, unit = ""] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (amount !== undefined) return wallClockMs() - Number(amount) * (UNITS[unit] ?? 0);
  // A parser that is not strict turns 30 February into 2 March.
  const [day] = /^\d{4}-\d{2}-\d{2}/.exec(text) ?? [];
  return day !== undefined && isoTimeMs(`${day}T00:00Z`) !== null ? writtenTimeMs(text) : null;
}
