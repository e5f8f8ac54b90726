import os from "node:os";
import path from "node:path";

/** The paths of everything that the agent stores. */
export interface DataFolder {
  root: string;
  /** Files of PutFile until the device restarts. It is the current folder of scripts. */
  work: string;
  /** The output of scripts, until the server has it. */
  spool: string;
  /** Scripts of the held orders. */
  scripts: string;
  /** The named pipes that scripts write to. They are created when the first script needs them. */
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
