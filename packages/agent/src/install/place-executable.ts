import { spawnSync } from "node:child_process";
import { chmod, copyFile, lstat, mkdir, open, readlink, realpath, rename, rm, symlink } from "node:fs/promises";
import path from "node:path";
import { syncFolder } from "../disk/durable.ts";
import { isErrno } from "../disk/errno.ts";
import type { InstallLayout } from "./layout.ts";

const CHECK_TIMEOUT_MS = 30_000;

/**
 * Copies the running executable to its place. The old one is replaced at once or not at all, and
 * only by a file that says `versionLine`: a copy that was stripped on the way is plain Bun.
 */
export async function placeExecutable(source: string, layout: InstallLayout, versionLine: string): Promise<void> {
  const { programFolder, executable } = layout;
  await mkdir(programFolder, { recursive: true, mode: 0o755 });
  if ((await realPathOrNull(executable)) === (await realpath(source))) return;
  const staged = `${executable}.new`;
  try {
    await rm(staged, { force: true });
    await copyFile(source, staged);
    await chmod(staged, 0o755);
    await using handle = await open(staged, "r");
    await handle.sync();
    checkVersion(staged, versionLine);
    await rename(staged, executable);
    await syncFolder(programFolder);
  } finally {
    await rm(staged, { force: true });
  }
}

/** @throws a sentence for people when the file is not this program */
function checkVersion(file: string, versionLine: string): void {
  const { stdout, error } = spawnSync(file, ["--version"], {
    encoding: "utf8",
    timeout: CHECK_TIMEOUT_MS,
    cwd: "/",
    env: {},
  });
  if (stdout?.trim() === versionLine) return;
  const found = error ? error.message : JSON.stringify(stdout.trim());
  throw new Error(
    `the copy of this program does not say "${versionLine}" but ${found}. Was it stripped? Download it again.`,
  );
}

/** The link in PATH. A file there that is not our link is left and named. */
export async function linkCommand({ command, executable }: InstallLayout, target: string): Promise<void> {
  await mkdir(path.dirname(command), { recursive: true, mode: 0o755 });
  if (await isOurLink(command, target)) return;
  try {
    await symlink(target, command);
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
    throw new Error(`${command} is there and is no link to ${executable}. Move it away and install again.`);
  }
}

export async function isOurLink(command: string, target: string): Promise<boolean> {
  try {
    return (await lstat(command)).isSymbolicLink() && (await readlink(command)) === target;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return false;
    throw error;
  }
}

async function realPathOrNull(file: string): Promise<string | null> {
  try {
    return await realpath(file);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return null;
    throw error;
  }
}
