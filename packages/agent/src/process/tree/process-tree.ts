/**
 * A script's tree: the processes in its cgroup, if there is one; its process with all descendants;
 * its process group and session; and every process with its mark in the environment. The mark finds
 * a process that has its own session and no parent. Only the cgroup finds a process that also
 * cleared its environment.
 */
import type { ProcessRef } from "../../core/ports.ts";
import type { CommandCgroup } from "../cgroups/command-cgroup.ts";
import type { ProcessEntry } from "./process-table.ts";

export interface Tree {
  root: ProcessRef | null;
  cgroups: readonly CommandCgroup[];
  /** `NAME=value` entries in the initial environment of every process of the tree. */
  mark: readonly string[];
  /**
   * Marks of other trees. A process with all entries of one of these marks does not belong to this
   * tree, even if it also has this tree's mark.
   */
  except?: readonly (readonly string[])[];
}

/**
 * The living processes of the tree. Pure except for `isMarked`, which is called as rarely as
 * possible.
 */
export function treeMembers(
  tree: Tree,
  table: readonly ProcessEntry[],
  isMarked: (pid: number) => boolean,
  ownPid: number,
): ProcessEntry[] {
  const { root } = tree;
  const rootLives = root && table.find((entry) => entry.pid === root.pid)?.startTime === root.startTime;
  const groupIsOurs = root !== null && ownsGroup(root, table);
  const members = new Set<number>();
  for (const entry of table) {
    if (entry.pid === ownPid || entry.pid <= 1) continue;
    const byGroup = groupIsOurs && (entry.groupId === root.pid || entry.sessionId === root.pid);
    const byNumber = rootLives && entry.pid === root.pid;
    const isOlder = root !== null && startedBefore(entry, root);
    if (byGroup || byNumber || (!isOlder && isMarked(entry.pid))) members.add(entry.pid);
  }
  for (let before = -1; before !== members.size; ) {
    before = members.size;
    for (const entry of table) {
      if (members.has(entry.parentPid) && entry.pid !== ownPid) members.add(entry.pid);
    }
  }
  return table.filter((entry) => members.has(entry.pid));
}

/**
 * Whether the group and the session with the root's number belong to the tree. The system does not
 * reuse a number while a group or session has it. If another process has the number now, group and
 * session of that number belong to that process.
 */
export function ownsGroup(root: ProcessRef, table: readonly ProcessEntry[]): boolean {
  const withRootsNumber = table.find((entry) => entry.pid === root.pid);
  return !withRootsNumber || withRootsNumber.startTime === root.startTime;
}

function startedBefore(entry: ProcessEntry, root: ProcessRef): boolean {
  const [a, b] = [Number(entry.startTime), Number(root.startTime)];
  return Number.isFinite(a) && Number.isFinite(b) && root.startTime !== "" && a < b;
}
