/** What a script that came to its end left running, and how people read it. */
import { type MonotonicClock, sleep } from "@halligan/protocol/time";
import { LIMITS } from "../../limits.ts";
import { lookAtTree } from "./end-tree.ts";
import type { ProcessEntry } from "./process-table.ts";
import type { Tree } from "./process-tree.ts";

/**
 * Looks twice. The other side of a script's pipe, as in `exec > >(tee log)`, ends shortly after the
 * script and is not a left process. It waits only if the first look finds a process.
 */
export async function leftProcesses(
  tree: Tree,
  clock: MonotonicClock,
): Promise<{ left: ProcessEntry[]; isGone: boolean }> {
  if (process.platform === "win32") return { left: [], isGone: false };
  const first = lookAtTree(tree);
  if (first.members.length === 0) return { left: [], isGone: first.isGone };
  await sleep(clock, LIMITS.killPollMs, new AbortController().signal);
  const isInBoth = ({ pid, startTime }: ProcessEntry) =>
    first.members.some((entry) => entry.pid === pid && entry.startTime === startTime);
  const second = lookAtTree(tree);
  return { left: second.members.filter(isInBoth), isGone: second.isGone };
}

export function endedText(left: readonly ProcessEntry[]): string {
  return (
    `${leftText(left)}, and the agent ended ${left.length === 1 ? "it" : "them"}. ` +
    "To leave such processes running, start the script with keepProcesses (halligan run --keep-processes)."
  );
}

export function keptText(left: readonly ProcessEntry[]): string {
  return `${leftText(left)}, as keepProcesses allows.`;
}

function leftText(left: readonly ProcessEntry[]): string {
  const named = left.slice(0, LIMITS.maxNamedProcesses).map(({ pid, name }) => `${pid} (${readable(name)})`);
  const more = left.length - named.length;
  const list = named.join(", ") + (more > 0 ? ` and ${more} more` : "");
  return `The script left ${left.length === 1 ? "1 process" : `${left.length} processes`} running: ${list}`;
}

/** A process chooses its name itself, with any bytes. */
function readable(name: string): string {
  return name.replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, "?") || "?";
}
