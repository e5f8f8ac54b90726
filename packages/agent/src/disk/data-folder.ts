import os from "node:os";
import path from "node:path";

/** Everything the agent keeps, by name. */
export interface DataFolder {
  root: string;
  /** From PutFile until the device restarts; the current folder of scripts. */
  work: string;
  /** What scripts wrote, until the server has it. */
  spool: string;
  /** Scripts of the orders that are held. */
  scripts: string;
  /** The named pipes through which scripts write. Made when the first script needs them. */
  pipes: string;
}

export function dataFolder(root: string): DataFolder {
  const absolute = path.resolve(root);
  return {
    root: absolute,
    work: path.join(absolute, "work"),
    spool: path.join(absolute, "spool"),
    scripts: path.join(absolute, "scripts"),
    pipes: path.join(absolute, "pipes"),
  };
}

/** The data folder when no setting names one. */
export function defaultDataRoot(env: NodeJS.ProcessEnv, platform: NodeJS.Platform, isRoot: boolean): string {
  if (env.HALLIGAN_AGENT_DATA) return env.HALLIGAN_AGENT_DATA;
  const home = os.homedir();
  if (platform === "win32") return path.join(env.ProgramData ?? "C:\\ProgramData", "halligan-agent");
  if (isRoot) return platform === "darwin" ? "/Library/Application Support/halligan-agent" : "/var/lib/halligan-agent";
  if (platform === "darwin") return path.join(home, "Library", "Application Support", "halligan-agent");
  return path.join(env.XDG_STATE_HOME || path.join(home, ".local", "state"), "halligan-agent");
}
