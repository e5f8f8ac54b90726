import { constants, type Stats } from "node:fs";
import { access, lstat, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { CliError, UsageError } from "../errors/cli-error.ts";
import { isFileError, localFileError } from "../errors/local-file-error.ts";
import { safeFileName } from "./safe-file-name.ts";

/** Where the bytes go. `path` null: the name is taken from the download, in `folder`. */
export type Target = { kind: "stdout" } | { kind: "file"; folder: string; path: string | null; mayReplace: boolean };

export interface TargetRequest {
  /** The path on the device, null when it is not known yet. */
  devicePath: string | null;
  /** `-o`: a file, a folder, or `-`. */
  output: string | undefined;
  /** `--output-dir`: `output` must be a folder, also when it is called `-`. */
  isFolder?: boolean;
  mayReplace: boolean;
  currentFolder: string;
}

/**
 * Chosen before anything runs on the device, from the path that was asked for: a target that cannot
 * be written is reported first, and no name from the device is needed. Throws CliError `localFile`.
 */
export async function chooseTarget(request: TargetRequest): Promise<Target> {
  const { devicePath, output, mayReplace, currentFolder } = request;
  if (output === "-" && !request.isFolder) return { kind: "stdout" };
  const given = output === undefined ? currentFolder : resolve(currentFolder, output);
  const found = await lookAt(given);
  if (request.isFolder) requireFolder(given, found);
  // A path that ends in a slash is meant as a folder, also when it does not exist.
  if (output?.endsWith("/")) requireFolder(given, found);
  if (output !== undefined && !found?.isDirectory()) {
    await requireWritableFolder(dirname(given));
    if (found !== null && !mayReplace) throw existsError(given);
    return { kind: "file", folder: dirname(given), path: given, mayReplace };
  }
  await requireWritableFolder(given);
  if (devicePath === null) return { kind: "file", folder: given, path: null, mayReplace };
  const name = safeFileName(devicePath);
  if (name === null) throw new UsageError(`"${devicePath}" does not end in a file name; say where with -o FILE.`);
  const path = join(given, name);
  await refuseExisting(path, mayReplace);
  return { kind: "file", folder: given, path, mayReplace };
}

async function lookAt(path: string): Promise<Stats | null> {
  try {
    return await stat(path);
  } catch (error) {
    if (isFileError(error) && error.code === "ENOENT") return lstat(path).catch(() => null);
    throw localFileError(path, error);
  }
}

function requireFolder(path: string, found: Stats | null): void {
  if (found === null) {
    throw new CliError(
      "localFile",
      "NoSuchFolder",
      `The folder ${path} does not exist. Make it first: mkdir -p ${path}`,
    );
  }
  if (!found.isDirectory()) {
    throw new CliError("localFile", "NotAFolder", `${path} is not a folder. Name a folder, or another place.`);
  }
}

async function requireWritableFolder(folder: string): Promise<void> {
  requireFolder(folder, await lookAt(folder));
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch {
    throw new CliError(
      "localFile",
      "FolderNotWritable",
      `No file can be made in ${folder}: you have no right to write there. Choose another folder.`,
    );
  }
}

export async function refuseExisting(path: string, mayReplace: boolean): Promise<void> {
  const found = await lstat(path).catch(() => null);
  if (found === null) return;
  if (!mayReplace) throw existsError(path);
  if (found.isDirectory()) {
    throw new CliError(
      "localFile",
      "IsAFolder",
      `${path} is a folder and is not replaced. Choose a name with -o FILE.`,
    );
  }
}

export function existsError(path: string): CliError {
  return new CliError("localFile", "FileExists", `${path} exists; --force replaces it, -o FILE chooses another name.`);
}
