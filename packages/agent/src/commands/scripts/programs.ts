/** Programs of this device, as scripts find them. */
import { accessSync, constants, statSync } from "node:fs";
import path from "node:path";
import type { Environment } from "../script-environment.ts";
import type { Device } from "./interpreter.ts";

/** @param environment of the scripts, whose PATH is searched */
export function thisDevice(environment: Environment): Device {
  return {
    platform: process.platform,
    arch: process.arch,
    find: (names) => findInPath(names, environment),
    isProgram,
  };
}

/**
 * Where a program was found the last time, by names and search path. It is checked first, because
 * the search reads many folders.
 */
const found = new Map<string, string>();

function findInPath(names: readonly string[], environment: Environment): string | null {
  const fallback = process.platform === "win32" ? "C:\\Windows\\System32\\WindowsPowerShell\\v1.0" : "/usr/bin:/bin";
  const searched = `${environment.PATH ?? ""}${path.delimiter}${fallback}`;
  const key = `${names.join()} ${searched}`;
  const before = found.get(key);
  if (before !== undefined && isProgram(before)) return before;
  for (const name of names) {
    for (const folder of searched.split(path.delimiter)) {
      // A relative entry would find files in the working folder, which scripts can write.
      if (!path.isAbsolute(folder)) continue;
      const file = path.join(folder, name);
      if (!isProgram(file)) continue;
      found.set(key, file);
      return file;
    }
  }
  return null;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
