/**
 * The settings that a script inherits from the agent, which neither runtime lets `spawn` choose
 * (`launcher.ts`). Where the agent itself can have them, no shell has to set them for each script.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const PRLIMIT_MS = 5_000;
/** With fewer open files than this, the agent could not do its own work. */
const OWN_OPEN_FILES = 1_024;

/**
 * Gives this process the file mode mask and the soft limit of open files that scripts find. The
 * agent's own files have explicit modes.
 *
 * @param openFiles the soft limit, `scriptOpenFiles`
 * @returns false where the limit cannot be changed (only Linux shows it, and only `prlimit` of
 *   util-linux changes that of a running process), or is too low for the agent itself
 */
export function takeScriptSettings(openFiles: number): boolean {
  if (process.platform !== "linux" || openFiles < OWN_OPEN_FILES) return false;
  try {
    process.umask(0o022);
    if (hasLimit(openFiles)) return true;
    const args = ["--pid", String(process.pid), `--nofile=${openFiles}:`];
    execFileSync("prlimit", args, { stdio: "ignore", timeout: PRLIMIT_MS, env: { PATH: "/usr/bin:/bin" } });
    return hasLimit(openFiles);
  } catch {
    return false;
  }
}

/** A lower hard limit stays. */
function hasLimit(openFiles: number): boolean {
  const found = /^Max open files\s+(\d+|unlimited)\s+(\d+|unlimited)/m.exec(
    readFileSync("/proc/self/limits", "latin1"),
  );
  const [soft = Number.NaN, hard = Number.NaN] = (found ?? [])
    .slice(1)
    .map((text) => Number(text.replace("unlimited", "Infinity")));
  return soft === Math.min(openFiles, hard);
}
