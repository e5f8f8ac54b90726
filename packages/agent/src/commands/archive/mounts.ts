/**
 * Where other file systems are mounted. They are known before any of them is touched, because a
 * call for the root of a dead one does not return.
 */
import { readFileSync } from "node:fs";
import type { PathBytes } from "./path-bytes.ts";

export interface Mounts {
  has(path: PathBytes): boolean;
  /** Type of the file system at this path, null when it is not known. */
  typeAt(path: PathBytes): string | null;
}

/** Linux only. Elsewhere the number of the file system is compared, which needs a call. */
export function readMounts(): Mounts {
  return mountsOf(process.platform === "linux" ? readFileSync("/proc/self/mountinfo", "latin1") : "");
}

export function mountsOf(mountInfo: string): Mounts {
  const types = new Map<PathBytes, string>();
  for (const line of mountInfo.split("\n")) {
    const [before, after] = line.split(" - ");
    const point = before?.split(" ")[4];
    const type = after?.split(" ")[0];
    // A later mount covers an earlier one at the same point.
    if (point && type) types.set(unescaped(point), type);
  }
  return {
    has: (path) => types.has(path),
    typeAt(path) {
      for (let at = path; ; at = at.slice(0, Math.max(1, at.lastIndexOf("/")))) {
        const type = types.get(at);
        if (type !== undefined || at === "/" || !at.startsWith("/")) return type ?? null;
      }
    },
  };
}

const unescaped = (text: string): PathBytes =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));

const KERNEL_TYPES: ReadonlySet<string> = new Set([
  "binfmt_misc",
  "bpf",
  "cgroup",
  "cgroup2",
  "configfs",
  "debugfs",
  "efivarfs",
  "fusectl",
  "nsfs",
  "proc",
  "pstore",
  "securityfs",
  "selinuxfs",
  "sysfs",
  "tracefs",
]);

/** The kernel makes the files at each reading. Some never end, and some have an effect. */
export const isKernelFileSystem = (type: string | null): boolean => type !== null && KERNEL_TYPES.has(type);
