import { readFile } from "node:fs/promises";
import { refuseReplacedBytes } from "./arguments/argument-text.ts";
import type { Outcome } from "./command.ts";
import { COMMANDS } from "./commands/index.ts";
import type { Environment } from "./environment.ts";
import { describeFailure } from "./errors/describe-failure.ts";
import { EXIT } from "./errors/exit-codes.ts";
import { findCommand } from "./find-command.ts";
import { findHelp } from "./find-help.ts";
import { renderOverview } from "./help/help.ts";
import { harmlessJson, harmlessText } from "./render/text/harmless.ts";
import { runCommand } from "./run-command.ts";

/**
 * One call of `halligan`: runs the command that `argv` names, writes its result to the streams of
 * `env`, and returns the exit code (docs/cli.md). It never rejects: every failure has a message and
 * a code. An abort of `signal` ends the command with the reason of the signal.
 */
export async function invoke(argv: readonly string[], env: Environment, signal: AbortSignal): Promise<number> {
  const passedOnAt = argv.indexOf("--");
  // Known before the arguments are parsed, so that their errors are JSON too.
  const isJson = (passedOnAt < 0 ? argv : argv.slice(0, passedOnAt)).includes("--json");
  try {
    const outcome = await dispatch(argv, env, signal);
    if (isJson) {
      if (!outcome.isStreamed) env.stdout.write(`${harmlessJson(outcome.json)}\n`);
    } else {
      env.stdout.write(outcome.text ?? "");
      env.stderr.write(outcome.notes ?? "");
    }
    return outcome.exitCode ?? EXIT.ok;
  } catch (error) {
    const { exit, code, message, json } = describeFailure(error);
    if (isJson) env.stdout.write(`${harmlessJson({ error: { code, message }, ...json })}\n`);
    else env.stderr.write(`halligan: ${harmlessText(message)}\n`);
    return EXIT[exit];
  }
}

async function dispatch(argv: readonly string[], env: Environment, signal: AbortSignal): Promise<Outcome> {
  refuseReplacedBytes(argv);
  const [first] = argv.filter((argument) => argument !== "--json");
  if (first === "--version" || first === "version") {
    const version = await readVersion();
    return { json: { version }, text: `halligan ${version}\n` };
  }
  const help = findHelp(argv);
  if (help !== null) return { json: { help }, text: help };
  const invocation = findCommand(argv);
  if (invocation === null) {
    // A call without a command is a mistake in a script, so its exit code is not 0.
    const overview = renderOverview(COMMANDS);
    return { json: { help: overview }, notes: overview, exitCode: EXIT.usage };
  }
  return runCommand(invocation.command, invocation.rest, env, signal);
}

async function readVersion(): Promise<string> {
  const text = await readFile(new URL("../package.json", import.meta.url), "utf8");
  const parsed: unknown = JSON.parse(text);
  return typeof parsed === "object" && parsed !== null && "version" in parsed ? String(parsed.version) : "unknown";
}
