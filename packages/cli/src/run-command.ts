import { once } from "node:events";
import { ApiError, createClient, type WaitNotice } from "@halligan/protocol/client";
import { uncheckedTlsFault } from "@halligan/protocol/network";
import { type Arguments, GLOBAL_OPTIONS, parseArguments } from "./arguments/arguments.ts";
import type { Command, CommandContext, Outcome } from "./command.ts";
import type { Environment } from "./environment.ts";
import { CliError, UsageError } from "./errors/cli-error.ts";
import { describeFailure } from "./errors/describe-failure.ts";
import { commandsOfGroup } from "./find-command.ts";
import { renderCommandHelp } from "./help/help.ts";
import { chooseProfile } from "./profile/choose-profile.ts";
import { createProgress } from "./render/progress/progress.ts";
import { describeWait } from "./render/progress/wait.ts";
import { harmlessJsonLine, harmlessLine } from "./render/text/harmless.ts";

/** Throws whatever describeFailure can describe. */
export async function runCommand(
  command: Command,
  argv: readonly string[],
  env: Environment,
  signal: AbortSignal,
): Promise<Outcome> {
  const options = { ...command.options, ...GLOBAL_OPTIONS };
  const args = parseArguments(argv, options, command.mayPassOn ?? false);
  if (args.flag("help")) {
    const help = renderCommandHelp(command, commandsOfGroup(command.name));
    return { json: { help }, text: help };
  }
  checkPositionals(command, args);
  const tlsFault = uncheckedTlsFault({ ...env.variables });
  if (tlsFault !== null) throw new CliError("configuration", "UncheckedTls", tlsFault);
  const maxWaitSeconds = args.integer("max-wait", { min: 0, max: 86_400 }) ?? 300;
  const isJson = args.flag("json");
  const progress = createProgress(env.stderr);
  const context: CommandContext = {
    args,
    env,
    isJson,
    signal,
    progress,
    note: (text) => {
      if (!isJson) env.stderr.write(`${harmlessLine(text)}\n`);
    },
    async emit(document, text) {
      const isTaken = env.stdout.write(isJson ? `${harmlessJsonLine(document)}\n` : text);
      if (!isTaken) await once(env.stdout, "drain", { signal });
    },
    async connect() {
      const chosen = { named: args.text("profile"), allowsPlainHttp: args.flag("allow-plain-http") };
      const profile = await chooseProfile(env, chosen, signal);
      return createClient({
        baseUrl: profile.baseUrl,
        credentials: profile,
        fetch: env.network.fetch,
        maxRetryWaitMs: maxWaitSeconds * 1_000,
        onWait: tellWaits(context),
      });
    },
  };
  try {
    return await command.run(context);
  } catch (error) {
    // Waits of the platform reject with their own error. The reason of the signal says what the
    // person did.
    if (signal.aborted && !(error instanceof CliError)) throw signal.reason;
    if (command.permissions !== undefined && error instanceof ApiError && error.code === "Forbidden") {
      const { exit, code, message, json } = describeFailure(error);
      throw new CliError(exit, code, `${message}\n${command.permissions}`, { json, cause: error });
    }
    throw error;
  } finally {
    progress.clear();
  }
}

const SHORT_WAIT_MS = 5_000;
const REPEAT_AFTER_MS = 15_000;

/**
 * A line for each wait. Short ones of the same reason, as while a server restarts, share a line.
 */
function tellWaits({ note, progress }: CommandContext): (notice: WaitNotice) => void {
  const toldAtMs = new Map<WaitNotice["reason"], number>();
  return (notice) => {
    const nowMs = Date.now();
    const isRecent = nowMs - (toldAtMs.get(notice.reason) ?? Number.NEGATIVE_INFINITY) < REPEAT_AFTER_MS;
    if (isRecent && notice.waitMs < SHORT_WAIT_MS) return;
    toldAtMs.set(notice.reason, nowMs);
    progress.clear();
    note(describeWait(notice, nowMs));
  };
}

function checkPositionals({ name, usage, positionals, mayPassOn }: Command, { positionals: given }: Arguments): void {
  const { min, max } = positionals;
  const shape = usage === "" ? name : `${name} ${usage}`;
  // An empty word of a command line for the device is passed on.
  const names = mayPassOn && max === Number.POSITIVE_INFINITY ? given.slice(0, 1) : given;
  if (names.some((text) => text.trim() === "")) {
    throw new UsageError(`An argument is empty: halligan ${shape}. A variable of the shell may have no value.`);
  }
  if (given.length >= min && given.length <= max) return;
  const tooMany = given.length > max ? `"${given[max]}" is one argument too many` : "An argument is missing";
  const hint = mayPassOn && given.length > max ? " Arguments for the script go after --." : "";
  throw new UsageError(`${tooMany}: halligan ${shape}.${hint}`);
}
