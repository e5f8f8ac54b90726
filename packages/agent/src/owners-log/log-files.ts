/** Files of the owner's log: the newest is `log.jsonl`, an older one `log.1.jsonl` and so on. */
import { renameSync, rmSync } from "node:fs";
import path from "node:path";
import { isErrno } from "../disk/errno.ts";

export const ownersLogFolder = (root: string): string => path.join(root, "owners-log");

/** @param age 0 for the newest */
export const logFile = (folder: string, age: number): string =>
  path.join(folder, age === 0 ? "log.jsonl" : `log.${age}.jsonl`);

/** The age of a file of this name; null when it is no file of the log. */
export function ageOf(name: string): number | null {
  const [, age] = /^log(?:\.([1-9]\d{0,3}))?\.jsonl$/.exec(name) ?? [null, null];
  if (age === null) return null;
  return age === undefined ? 0 : Number(age);
}

/** Makes each file one step older. What exceeds `files` in number is removed. */
export function rotate(folder: string, files: number, ages: readonly number[]): void {
  for (const age of ages.toSorted((a, b) => b - a)) {
    if (age + 1 >= files) rmSync(logFile(folder, age), { force: true });
    else move(logFile(folder, age), logFile(folder, age + 1));
  }
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}
