/**
 * Starts a program as another user, by `setpriv` of util-linux. `spawn` of the runtimes sets no
 * supplementary groups. `su` and `sudo` go through PAM, which may ask, open sessions, and move the
 * process out of the agent's cgroup.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { RUN_AS, RUN_AS_NEEDS_ROOT, RUN_AS_NEEDS_SETPRIV } from "@halligan/protocol/link";
import { LIMITS } from "../../limits.ts";
import { askProgram } from "./ask-program.ts";
import type { DeviceAccount } from "./device-user.ts";

type Ids = Pick<DeviceAccount, "uid" | "gid" | "groups">;
/** What the agent's hello says about it. */
export type RunAsFeature = typeof RUN_AS | typeof RUN_AS_NEEDS_ROOT | typeof RUN_AS_NEEDS_SETPRIV;
export interface Program {
  file: string;
  args: string[];
}

const PLACES = ["/usr/bin/setpriv", "/bin/setpriv", "/usr/local/bin/setpriv"];
const NOBODY = 65_534;

/**
 * Whether this process can start programs as other users. Determined once, at the agent's start:
 * the program alone does not show whether a container allows the change, and BusyBox has a
 * `setpriv` without these options.
 *
 * @returns null where there is no such thing
 */
export function runAsFeature(): RunAsFeature | null {
  if (process.platform !== "linux") return null;
  if (process.geteuid?.() !== 0) return RUN_AS_NEEDS_ROOT;
  const { file, args } = withIds({ uid: NOBODY, gid: NOBODY, groups: [] }, "/bin/sh", ["-c", "exit 0"]);
  try {
    execFileSync(file, args, { stdio: "ignore", timeout: LIMITS.userLookupMs, env: {} });
    return RUN_AS;
  } catch {
    return RUN_AS_NEEDS_SETPRIV;
  }
}

/**
 * The program as the user, in the user's home. The change of the folder comes last: root must not
 * wait for a network file system, nor needs the rights to enter the folder.
 */
export function asUser(user: Ids, file: string, args: readonly string[]): Program {
  return withIds(user, "/bin/sh", ["-c", 'cd -- "$HOME" 2>/dev/null || cd /; exec "$0" "$@"', file, ...args]);
}

/**
 * Why the user cannot run this, or null. Tries it as the user, because rights, access lists and
 * network file systems decide. Rejects with the signal's reason, or when that could not be tried.
 *
 * @param script what the program reads, or the program itself
 */
export async function userObstacle(
  user: DeviceAccount,
  program: string,
  script: string,
  signal: AbortSignal,
): Promise<string | null> {
  const text = '[ -r "$1" ] || exit 103; [ -x "$2" ] || exit 104; exit 0';
  const { file, args } = withIds(user, "/bin/sh", ["-c", text, "sh", script, program]);
  const { exitCode } = await askProgram(file, args, signal);
  switch (exitCode) {
    case 0:
      return null;
    case 103:
      return `The user '${user.name}' cannot read ${script}, so the script was not run.`;
    case 104:
      return (
        `The user '${user.name}' cannot execute ${program}, so the script was not run. Its mode, a folder above it, or a ` +
        "file system without execute rights (noexec) forbids it."
      );
    default:
      return `The agent could not become the user '${user.name}', so the script was not run: setpriv ended with ${exitCode}.`;
  }
}

/**
 * All ids are numbers that were looked up before, so `setpriv` asks no name service. Real,
 * effective and saved ids are set, and without inheritable capabilities none is left after `exec`.
 */
function withIds({ uid, gid, groups }: Ids, file: string, args: readonly string[]): Program {
  const ids = [
    `--reuid=${uid}`,
    `--regid=${gid}`,
    groups.length > 0 ? `--groups=${groups.join(",")}` : "--clear-groups",
    "--inh-caps=-all",
  ];
  return { file: PLACES.find((place) => existsSync(place)) ?? "setpriv", args: [...ids, "--", file, ...args] };
}
