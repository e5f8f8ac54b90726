/**
 * One agent for one data folder. The lock is a file that names its holder by process number, start
 * time and boot id, so the lock of a killed agent is ignored.
 */
import { link, readFile, rename, rm, unlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { type MonotonicClock, sleep } from "@halligan/protocol/time";
import { isErrno } from "../disk/errno.ts";
import { isRunning, startTimeOf } from "../process/tree/process-table.ts";

/**
 * A holder that was killed or asked to end holds the lock for some more milliseconds: the system
 * ends its threads one after the other. A service manager starts the next agent at once.
 */
const WAIT_MS = 5_000;
const POLL_MS = 20;

/**
 * Waits at most 5 s for a holder that is ending. Throws a sentence for people when another living
 * agent holds the folder, and the reason of `signal` when that aborts.
 */
export async function lockFolder(
  root: string,
  bootId: string,
  clock: Pick<MonotonicClock, "after" | "monotonicMs">,
  signal?: AbortSignal,
): Promise<AsyncDisposable> {
  const file = path.join(root, "agent.lock");
  const mine = `${process.pid} ${bootId} ${startTimeOf(process.pid)}\n`;
  const temporary = `${file}.${process.pid}`;
  await rm(temporary, { force: true });
  await writeFile(temporary, mine, { flag: "wx", mode: 0o600 });
  const untilMs = clock.monotonicMs() + WAIT_MS;
  try {
    while (!(await linkNew(temporary, file))) {
      const found = await readLock(file);
      if (found === null) continue;
      if (isAlive(found, bootId)) {
        if (clock.monotonicMs() >= untilMs)
          throw new Error(`Another agent (process ${Number.parseInt(found, 10)}) runs with ${root}.`);
        await sleep(clock, POLL_MS, signal);
        continue;
      }
      await takeAway(file, found, `${temporary}.stale`);
    }
  } finally {
    await rm(temporary, { force: true });
  }
  return {
    async [Symbol.asyncDispose]() {
      if ((await readLock(file)) === mine) await unlink(file);
    },
  };
}

/** The process number of the living agent that holds the folder; null when there is none. */
export async function holderOf(root: string, bootId: string): Promise<number | null> {
  const found = await readLock(path.join(root, "agent.lock"));
  return found !== null && isAlive(found, bootId) ? Number.parseInt(found, 10) : null;
}

/** A link appears atomically, and only once. */
async function linkNew(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false;
    throw error;
  }
}

async function takeAway(file: string, stale: string, aside: string): Promise<void> {
  try {
    await rename(file, aside);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return;
    throw error;
  }
  // Between the check and the rename, another agent may have removed the stale lock and created its
  // own.
  if ((await readLock(aside)) !== stale) await linkNew(aside, file);
  await rm(aside, { force: true });
}

function isAlive(lock: string, bootId: string): boolean {
  const [, pidText, boot, startTime] = /^(\d+) (\S*) (.*)\n$/.exec(lock) ?? [];
  if (!pidText || boot !== bootId) return false;
  const pid = Number(pidText);
  if (pid === process.pid) return false;
  if (process.platform !== "win32") return isRunning(pid, startTime ?? "");
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function readLock(file: string): Promise<string | null> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}
