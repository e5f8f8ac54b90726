/**
 * A script's tree: what is in its cgroup, where there is one; and its process, all descendants, its process group and session,
 * and whatever carries its mark in the environment, which also finds what made a session of its own and whose parent is
 * gone. Only a process that did all of it (own session, no parent, no environment) is found by the cgroup alone.
 */
import type { ProcessRef } from "../../core/ports.ts";
import type { CommandCgroup } from "../cgroups/command-cgroup.ts";
import type { ProcessEntry } from "./process-table.ts";

export interface Tree {
  root: ProcessRef | null;
  cgroups: readonly CommandCgroup[];
  /** `NAME=value` entries that every process of the tree was started with. */
  mark: readonly string[];
  /**
   * Marks of other trees: what carries all entries of one of them is not of this tree, though it
   * carries its mark.
   */
  except?: readonly (readonly string[])[];
}

/** The living processes of the tree. Pure but for `isMarked`, which is asked as little as possible. */
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
 * Whether the group and session with the root's number are the tree's. The system does not give a number away while a group or
 * session bears it: if another process has the number now, group and session of that number are another's.
 */
export function ownsGroup(root: ProcessRef, table: readonly ProcessEntry[]): boolean {
  const withRootsNumber = table.find((entry) => entry.pid === root.pid);
  return !withRootsNumber || withRootsNumber.startTime === root.startTime;
}

function startedBefore(entry: ProcessEntry, root: ProcessRef): boolean {
  const [a, b] = [Number(entry.startTime), Number(root.startTime)];
  return Number.isFinite(a) && Number.isFinite(b) && root.startTime !== "" && a < b;
}
