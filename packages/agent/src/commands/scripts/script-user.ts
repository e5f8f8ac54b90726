/** As whom a script runs, and with which environment (docs/decisions/0052-run-as.md). */
import { err, ok, type Result } from "@halligan/protocol/errors";
import { RUN_AS, RUN_AS_NEEDS_ROOT } from "@halligan/protocol/link";
import type { CommandJob, RunScriptCommand } from "../../core/ports.ts";
import { utf8Locale } from "../../process/environment/locale.ts";
import { asUser, userObstacle } from "../../process/run-as/change-user.ts";
import { type DeviceAccount, findUser } from "../../process/run-as/device-user.ts";
import { loginPath } from "../../process/run-as/login-path.ts";
import type { CommandDeps } from "../command-deps.ts";
import type { Environment } from "../script-environment.ts";
import type { UserFolder } from "./user-folder.ts";

export interface ScriptUser {
  /** Null: the account of the agent. */
  account: DeviceAccount | null;
  environment: Environment;
}

/**
 * An error is a sentence for people: the script must not run. Rejects with the signal's reason.
 *
 * @param runAs of the order
 */
export async function scriptUser(
  deps: Pick<CommandDeps, "environment" | "runAs">,
  runAs: string | undefined,
  signal: AbortSignal,
): Promise<Result<ScriptUser, string>> {
  if (runAs === undefined) return ok({ account: null, environment: deps.environment });
  if (deps.runAs !== RUN_AS)
    return err(`The script was to run as '${runAs}' and was not run: ${reasonAgainst(deps.runAs)}.`);
  const found = await findUser(runAs, signal);
  return found.ok ? ok({ account: found.value, environment: loginEnvironment(found.value) }) : found;
}

/** How a script starts. `args` are those of its interpreter; its own follow. */
export interface ScriptProgram {
  file: string;
  args: readonly string[];
  script: string;
}

/**
 * Gives the user what the script needs, and checks as the user that it can be run. An error is a
 * sentence for people. Rejects with the signal's reason, or with the error of the file system.
 */
export async function readyForUser(
  folder: UserFolder,
  job: CommandJob<RunScriptCommand>,
  account: DeviceAccount,
  program: ScriptProgram,
  signal: AbortSignal,
): Promise<Result<{ file: string; args: readonly string[]; cwd: string; work: string }, string>> {
  const { script, work } = await folder.fill(job, account, program.script, signal);
  const own = (word: string) => (word === program.script ? script : word);
  const file = own(program.file);
  const obstacle = await userObstacle(account, file, script, signal);
  if (obstacle !== null) return err(obstacle);
  return ok({ ...asUser(account, file, program.args.map(own)), cwd: "/", work });
}

function reasonAgainst(runAs: CommandDeps["runAs"]): string {
  if (runAs === null) return "the agent changes the user on Linux only";
  return runAs === RUN_AS_NEEDS_ROOT
    ? "the agent does not run as root, so it cannot change the user"
    : "the agent cannot use setpriv. Install util-linux, and let the agent's service change users (CAP_SETUID, CAP_SETGID)";
}

/**
 * What a login sets. Nothing of the agent's own environment is in it, also not the variables that
 * the agent passes on to other scripts, which may be secrets of root.
 */
export function loginEnvironment({ name, uid, home, shell }: DeviceAccount): Environment {
  return {
    PATH: loginPath(uid),
    HOME: home,
    USER: name,
    LOGNAME: name,
    SHELL: shell,
    LANG: utf8Locale(),
    TMPDIR: "/tmp",
  };
}
