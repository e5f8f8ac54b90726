import { COMMIT, VERSION, versionLine } from "@halligan/protocol/version";
import { refuseReplacedBytes } from "./arguments/argument-text.ts";
import type { Outcome } from "./command.ts";
import { COMMANDS } from "./commands/index.ts";
import type { Environment } from "./environment.ts";
import { EXIT } from "./errors/exit-codes.ts";
import { findCommand } from "./find-command.ts";
import { findHelp } from "./find-help.ts";
import { renderOverview } from "./help/help.ts";
import { harmlessJson, harmlessJsonLine, harmlessText } from "./render/text/harmless.ts";

/**
 * One call of `halligan`: runs the command that `argv` names, writes its result to the streams of
 * `env`, and returns the exit code (docs/cli.md). It never rejects: every failure has a message and
 * a code. An abort of `signal` ends the command with the reason of the signal.
 */
export async function invoke(argv: readonly string[], env: Environment, signal: AbortSignal): Promise<number> {
  // Known before the arguments are parsed, so that their errors are JSON too.
  const isJson = wantsJson(argv);
  try {
    const outcome = await dispatch(argv, env, signal);
    if (isJson) {
      if (!outcome.isStreamed) env.stdout.write(`${harmlessJson(outcome.json)}\n`);
    } else {
      if (outcome.text) env.stdout.write(outcome.text);
      if (outcome.notes) env.stderr.write(outcome.notes);
    }
    return outcome.exitCode ?? EXIT.ok;
  } catch (error) {
    // Not needed by most calls: it knows the errors of the client.
    const { describeFailure } = await import("./errors/describe-failure.ts");
    const { exit, code, message, json } = describeFailure(error);
    // On one line, because it may follow the lines of a command that writes many documents.
    if (isJson) env.stdout.write(`${harmlessJsonLine({ error: { code, message }, ...json })}\n`);
    else env.stderr.write(`halligan: ${harmlessText(message)}\n`);
    return EXIT[exit];
  }
}

export const wantsJson = (argv: readonly string[]): boolean => hasFlag(argv, "--json");
export const wantsUtc = (argv: readonly string[]): boolean => hasFlag(argv, "--utc");

function hasFlag(argv: readonly string[], flag: string): boolean {
  const passedOnAt = argv.indexOf("--");
  return (passedOnAt < 0 ? argv : argv.slice(0, passedOnAt)).includes(flag);
}

interface About extends Outcome {
  text: string;
}

/**
 * The version or the help, for which no command runs; null for everything else. Throws UsageError
 * for help about a name that does not exist, and for arguments that are not UTF-8.
 */
export async function aboutHalligan(argv: readonly string[]): Promise<About | null> {
  refuseReplacedBytes(argv);
  const [first] = argv.filter((argument) => argument !== "--json");
  if (first === "--version" || first === "version") {
    return { json: { version: VERSION, commit: COMMIT }, text: `${versionLine("halligan")}\n` };
  }
  const help = await findHelp(argv);
  return help === null ? null : { json: { help }, text: help };
}

async function dispatch(argv: readonly string[], env: Environment, signal: AbortSignal): Promise<Outcome> {
  const about = await aboutHalligan(argv);
  if (about !== null) return about;
  const invocation = await findCommand(argv);
  if (invocation === null) {
    // A call without a command is a mistake in a script, so its exit code is not 0.
    const overview = renderOverview(COMMANDS);
    return { json: { help: overview }, notes: overview, exitCode: EXIT.usage };
  }
  const { runCommand } = await import("./run-command.ts");
  return runCommand(invocation.command, invocation.rest, env, signal);
}
