/** Ends a script's tree: SIGTERM, a grace, SIGKILL until nothing is left. */

import { spawnSync } from "node:child_process";
import { type MonotonicClock, sleep } from "@halligan/protocol/time";
import { LIMITS } from "../../limits.ts";
import type { AgentSettings } from "../../settings.ts";
import { groupIsThere, signalProcess } from "../signal-process.ts";
import { hasEnvironment, listProcesses, type ProcessEntry } from "./process-table.ts";
import { ownsGroup, type Tree, treeMembers } from "./process-tree.ts";

interface Living {
  members: ProcessEntry[];
  pids: number[];
  /**
   * Groups with a leader that belongs or belonged to the tree. A signal to a group also reaches
   * processes that are forked at that moment.
   */
  groupIds: number[];
}

/**
 * Returns the processes that could not be ended. It takes no abort signal, because an abort is what
 * calls it. Its time is bounded: `killGraceMs` and `killWaitMs` and a little more, or less than
 * one second by default if no process resists SIGKILL.
 */
export async function endTree(
  tree: Tree,
  clock: MonotonicClock,
  settings: Pick<AgentSettings, "killGraceMs" | "killWaitMs">,
): Promise<number[]> {
  if (process.platform === "win32") return endWindowsTree(tree, settings.killWaitMs);
  const never = new AbortController().signal;
  let left = living(tree);
  const signalled = new Set<number>();
  const begunMs = clock.monotonicMs();
  while (left.pids.length > 0 && clock.monotonicMs() - begunMs < settings.killGraceMs) {
    for (const pid of left.pids) {
      if (!signalled.has(pid)) signalProcess(pid, "SIGTERM");
      signalled.add(pid);
    }
    await sleep(clock, LIMITS.killPollMs, never);
    left = living(tree);
  }
  const killedMs = clock.monotonicMs();
  // Processes that each fork the next one are in no list when it is read. Their group reaches them.
  // A group also exists while it has a zombie whose parent does not reap it, so a group alone is
  // not waited for long.
  for (
    let rounds = 0;
    left.pids.length > 0 || (left.groupIds.length > 0 && rounds < LIMITS.groupKillRounds);
    rounds++
  ) {
    for (const group of tree.cgroups) group.kill();
    for (const groupId of left.groupIds) signalProcess(-groupId, "SIGKILL");
    for (const pid of left.pids) signalProcess(pid, "SIGKILL");
    if (clock.monotonicMs() - killedMs > settings.killWaitMs) break;
    await sleep(clock, LIMITS.killPollMs, never);
    left = living(tree);
  }
  for (const group of tree.cgroups) {
    // The system counts a process for a short time after its death. A group that stays is removed
    // at the agent's next start.
    for (let tries = 0; !group.remove() && left.pids.length === 0 && tries < LIMITS.cgroupRemoveTries; tries++) {
      await sleep(clock, LIMITS.killPollMs, never);
    }
  }
  return left.pids;
}

export function notEndedTexts(pids: readonly number[]): string[] {
  return pids.map((pid) => `Process ${pid} of the script could not be ended.`);
}

/** Inspects every process of the device once. Not for Windows. */
export function lookAtTree(tree: Tree): {
  /** The living processes of the tree, as the system lists them. */
  members: ProcessEntry[];
  /** No process, process group or cgroup of the tree exists. */
  isGone: boolean;
} {
  const { members, pids, groupIds } = living(tree);
  const isGone = pids.length === 0 && groupIds.length === 0 && tree.cgroups.every((group) => !group.exists);
  return { members, isGone };
}

/**
 * Whether certainly nothing is left of a script that ended by itself. It does not inspect every
 * process of the device (0.1 ms instead of 4 ms with 120 processes), because the kernel removes a
 * cgroup only when nothing runs in it. It misses processes that root moved out of the cgroup on
 * purpose, as `su -` and `systemd-run` do, and that also left the script's process group. Only a
 * cancellation or a time limit searches for these everywhere. False when there is no cgroup, or
 * when the script could not enter it.
 */
export function isSurelyGone({ root, cgroups }: Tree): boolean {
  if (!root || cgroups.length === 0) return false;
  return cgroups.every((group) => group.removeEmpty()) && !groupIsThere(root.pid);
}

function living(tree: Tree): Living {
  const table = listProcesses();
  const own = table.find(({ pid }) => pid === process.pid);
  const isMarked = (pid: number) =>
    hasEnvironment(pid, tree.mark) && !tree.except?.some((other) => hasEnvironment(pid, other));
  const members = treeMembers(tree, table, isMarked, process.pid);
  const groupIds = members
    .filter(({ groupId, sessionId }) => groupId > 1 && groupId !== own?.groupId && sessionId !== own?.sessionId)
    .map(({ groupId }) => groupId);
  if (tree.root && ownsGroup(tree.root, table) && groupIsThere(tree.root.pid)) groupIds.push(tree.root.pid);
  const pids = new Set([...members.map(({ pid }) => pid), ...tree.cgroups.flatMap((group) => group.pids())]);
  return {
    members: table.filter(({ pid }) => pids.has(pid)),
    pids: [...pids],
    groupIds: [...new Set(groupIds)],
  };
}

function endWindowsTree(tree: Tree, timeoutMs: number): number[] {
  if (!tree.root) return [];
  const args = ["/PID", String(tree.root.pid), "/T", "/F"];
  const NOT_FOUND = 128;
  const { status } = spawnSync("taskkill.exe", args, {
    timeout: timeoutMs,
    stdio: "ignore",
    windowsHide: true,
  });
  return status === 0 || status === NOT_FOUND ? [] : [tree.root.pid];
}
