/**
 * The environment of a script: small, documented in docs/scripts.md, and the same however the agent
 * was started. Nothing else of the agent's own environment reaches a script: it may hold proxies
 * with passwords, secrets of a service, and variables of npm.
 */
import type { CommandRef, Log } from "../core/ports.ts";
import { ownAccount } from "../process/environment/account.ts";
import { utf8Locale } from "../process/environment/locale.ts";
import { isRuntimeVariable } from "../process/environment/runtime-variables.ts";
import { rootOnlySearchPath } from "../process/environment/search-path.ts";

export type Environment = Readonly<Record<string, string>>;

export const EXTRA_NAMES_VARIABLE = "HALLIGAN_AGENT_SCRIPT_ENV";

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Windows has no constant values for these variables, and a program may not start without them. */
const WINDOWS_NAMES = [
  "ALLUSERSPROFILE",
  "APPDATA",
  "CommonProgramFiles",
  "CommonProgramFiles(x86)",
  "CommonProgramW6432",
  "COMPUTERNAME",
  "ComSpec",
  "HOMEDRIVE",
  "HOMEPATH",
  "LOCALAPPDATA",
  "NUMBER_OF_PROCESSORS",
  "OS",
  "PATH",
  "PATHEXT",
  "PROCESSOR_ARCHITECTURE",
  "PROCESSOR_IDENTIFIER",
  "ProgramData",
  "ProgramFiles",
  "ProgramFiles(x86)",
  "ProgramW6432",
  "PSModulePath",
  "PUBLIC",
  "SystemDrive",
  "SystemRoot",
  "TEMP",
  "TMP",
  "USERDOMAIN",
  "USERNAME",
  "USERPROFILE",
  "windir",
] as const;

/**
 * What every script of this agent process gets.
 *
 * @param env the agent's own environment; the variables named in HALLIGAN_AGENT_SCRIPT_ENV are
 * passed on
 * @throws a sentence when that list is not one of names that may be passed
 */
export function baseEnvironment(env: NodeJS.ProcessEnv, platform: NodeJS.Platform = process.platform): Environment {
  const extra = extraNames(env[EXTRA_NAMES_VARIABLE] ?? "");
  return platform === "win32"
    ? pick(env, [...WINDOWS_NAMES, ...extra])
    : { ...posixEnvironment(), ...pick(env, extra) };
}

/**
 * `baseEnvironment` for this agent. For root, PATH has no folders that other accounts can change,
 * because a program that one of them puts there would run as root.
 */
export function agentEnvironment(env: NodeJS.ProcessEnv, log: Log): Environment {
  const environment = baseEnvironment(env);
  if (process.platform === "win32" || process.geteuid?.() !== 0) return environment;
  const { path, ignored } = rootOnlySearchPath(environment.PATH ?? "");
  for (const { folder, reason } of ignored) log.warn("pathFolderIgnored", { folder, reason });
  return { ...environment, PATH: path };
}

/** Adds the four variables that identify the command. They also mark its processes (`treeMark`). */
export function scriptEnvironment(
  base: Environment,
  command: CommandRef & { machineId: string; workFolder: string },
): Record<string, string> {
  return {
    ...base,
    HALLIGAN_WORKDIR: command.workFolder,
    HALLIGAN_MACHINE_ID: command.machineId,
    HALLIGAN_ACTION_ID: command.actionId,
    HALLIGAN_COMMAND_INDEX: String(command.index),
  };
}

/**
 * The mark identifies a process of a command, whatever it does with its parent, group and session.
 */
export function treeMark(command: CommandRef): string[] {
  return [`HALLIGAN_ACTION_ID=${command.actionId}`, `HALLIGAN_COMMAND_INDEX=${command.index}`];
}

function posixEnvironment(): Environment {
  const account = ownAccount();
  return {
    PATH,
    HOME: account.home,
    USER: account.name,
    LOGNAME: account.name,
    // As in cron, because the account's own shell may be one that starts nothing.
    SHELL: "/bin/sh",
    LANG: utf8Locale(),
    TMPDIR: "/tmp",
  };
}

function extraNames(setting: string): string[] {
  const names = setting
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  for (const name of names) {
    const rule = `${EXTRA_NAMES_VARIABLE} lists names of variables, separated by commas, such as 'HTTPS_PROXY,NO_PROXY'`;
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new Error(`${rule}; '${name}' is not a name.`);
    if (/^HALLIGAN_/i.test(name))
      throw new Error(`${rule}; '${name}' is the agent's own and is not passed to scripts.`);
    if (isRuntimeVariable(name))
      throw new Error(
        `${rule}; '${name}' changes the runtime of programs like the agent and is not passed to scripts.`,
      );
  }
  return names;
}

function pick(env: NodeJS.ProcessEnv, names: readonly string[]): Environment {
  const picked: Record<string, string> = {};
  for (const name of names) {
    const value = env[name];
    if (value !== undefined) picked[name] = value;
  }
  return picked;
}
