import { lstat, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { CliError, UsageError } from "../cli-error.ts";
import { safeFileName } from "./safe-file-name.ts";

/** Where the bytes go. `path` null: the name is taken from the download, in `folder`. */
export type Target = { kind: "stdout" } | { kind: "file"; folder: string; path: string | null; mayReplace: boolean };

export interface TargetRequest {
  /** The path on the device, null when it is not known yet. */
  devicePath: string | null;
  /** `-o`: a file, a folder, or `-`. */
  output: string | undefined;
  mayReplace: boolean;
  currentFolder: string;
}

/**
 * Chosen before anything runs on the device, from the path that was asked for: a file that is in the way is reported
 * first, and no name from the device is needed.
 */
export async function chooseTarget({ devicePath, output, mayReplace, currentFolder }: TargetRequest): Promise<Target> {
  if (output === "-") return { kind: "stdout" };
  const given = output === undefined ? currentFolder : resolve(currentFolder, output);
  const isFolder = output === undefined || (await stat(given).catch(() => null))?.isDirectory() === true;
  if (!isFolder) {
    await refuseExisting(given, mayReplace);
    return { kind: "file", folder: resolve(given, ".."), path: given, mayReplace };
  }
  if (devicePath === null) return { kind: "file", folder: given, path: null, mayReplace };
  const name = safeFileName(devicePath);
  if (name === null) throw new UsageError(`"${devicePath}" does not end in a file name; say where with -o FILE.`);
  const path = join(given, name);
  await refuseExisting(path, mayReplace);
  return { kind: "file", folder: given, path, mayReplace };
}

export async function refuseExisting(path: string, mayReplace: boolean): Promise<void> {
  if (mayReplace) return;
  if ((await lstat(path).catch(() => null)) !== null) throw existsError(path);
}

export function existsError(path: string): CliError {
  return new CliError("localFile", "FileExists", `${path} exists; --force replaces it, -o FILE chooses another name.`);
}
