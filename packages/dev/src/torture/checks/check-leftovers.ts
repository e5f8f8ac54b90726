import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { sleep, systemClock } from "@halligan/protocol/time";
import type { Violations } from "../violations.ts";

const PATIENCE_MS = 10_000;
const POLL_MS = 100;

/**
 * Processes that carry the mark of one of these machines' scripts: `<pid> <command line>`. Linux
 * only; elsewhere none are seen.
 */
async function scriptProcesses(machineIds: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  const names = await readdir("/proc").catch(() => []);
  for (const pid of names.filter((name) => /^\d+$/.test(name))) {
    // A process may end while it is looked at.
    const environment = await readFile(`/proc/${pid}/environ`, "latin1").catch(() => "");
    if (!machineIds.some((id) => environment.includes(`HALLIGAN_MACHINE_ID=${id}`))) continue;
    const command = await readFile(`/proc/${pid}/cmdline`, "latin1").catch(() => "");
    if (command !== "") found.push(`${pid} ${command.replaceAll("\0", " ")}`);
  }
  return found;
}

/** Every action has ended, so nothing of a script may live; what is being ended gets a moment. */
export async function checkNoProcesses(machineIds: readonly string[], violations: Violations): Promise<void> {
  const begunMs = performance.now();
  let left = await scriptProcesses(machineIds);
  while (left.length > 0 && performance.now() - begunMs < PATIENCE_MS) {
    await sleep(systemClock, POLL_MS, undefined);
    left = await scriptProcesses(machineIds);
  }
  for (const one of left) violations.add(`a process of a script still runs: ${one}`);
}

/**
 * Unfinished uploads: each kill, and each cancelled or interrupted command, may have left one,
 * which the server sweeps a day later; nothing else may. Temporary files live only while a request
 * does.
 */
export async function checkBlobFolder(dataDir: string, mayRemain: number, violations: Violations): Promise<number> {
  const partials = await readdir(join(dataDir, "blobs", "partials"));
  const uploads = new Set(partials.map((name) => name.split(".")[0]));
  if (uploads.size > mayRemain)
    violations.add(`${uploads.size} unfinished uploads, at most ${mayRemain} are explained`);
  const odd = partials.filter((name) => !/^[0-9a-f]{64}\.(data|parts)$/.test(name));
  if (odd.length > 0) violations.add(`names that no upload has: ${odd}`);
  const temporary = await readdir(join(dataDir, "blobs", "temporary"));
  if (temporary.length > 0) violations.add(`temporary files are left: ${temporary}`);
  return uploads.size;
}
