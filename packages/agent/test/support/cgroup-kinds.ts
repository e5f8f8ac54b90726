/** The ways in which this device lets a tree be found, each with the reason where it does not. */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { CgroupHome, findCgroupHome } from "../../src/process/cgroups/cgroup-home.ts";
import { ownCgroupFolders } from "../../src/process/cgroups/cgroup-mounts.ts";
import { silentLog } from "./fake-ports.ts";

export interface CgroupKind {
  name: string;
  /** Null: no cgroup, the tree is found by parent, group, session and environment. */
  folder: string | null;
  skip: string | false;
}

/** Of each process its own: test files that run at the same time try the same folders. */
const MACHINE = randomBytes(20).toString("hex");

export function cgroupKinds(): CgroupKind[] {
  const folders = process.platform === "linux" ? foldersHere() : [];
  const kind = (name: string, isOne: (folder: string) => boolean): CgroupKind => {
    const folder = folders.find((found) => isOne(found)) ?? null;
    const isUsable = folder !== null && findCgroupHome({ machineId: MACHINE, configured: folder, log: silentLog });
    return { name, folder, skip: isUsable ? false : `this device lets the agent have no cgroup of ${name}` };
  };
  return [
    kind("cgroup v2", (folder) => isThere(`${folder}/cgroup.controllers`)),
    kind("cgroup v1 freezer", (folder) => folder.includes("freezer")),
    kind("cgroup v1 pids", (folder) => folder.includes("pids")),
  ];
}

export const homeIn = (folder: string) => new CgroupHome(folder, MACHINE);

function foldersHere(): string[] {
  return ownCgroupFolders(readFileSync("/proc/self/cgroup", "utf8"), readFileSync("/proc/self/mountinfo", "utf8"));
}

function isThere(file: string): boolean {
  try {
    readFileSync(file);
    return true;
  } catch {
    return false;
  }
}
