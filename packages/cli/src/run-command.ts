import { once } from "node:events";
import { createClient } from "@halligan/protocol/client";
import { type Arguments, GLOBAL_OPTIONS, parseArguments } from "./arguments.ts";
import { CliError, UsageError } from "./cli-error.ts";
import type { Command, CommandContext, Outcome } from "./command.ts";
import type { Environment } from "./environment.ts";
import { commandsOfGroup } from "./find-command.ts";
import { chooseProfile } from "./profile/choose-profile.ts";
import { harmlessJsonLine, harmlessLine } from "./render/harmless.ts";
import { renderCommandHelp } from "./render/help.ts";
import { createProgress } from "./render/progress.ts";
import { formatDuration } from "./render/units.ts";

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
      const profile = await chooseProfile(env, args.text("profile"), signal);
      return createClient({
        baseUrl: profile.baseUrl,
        credentials: profile,
        fetch: env.network.fetch,
        maxRetryWaitMs: maxWaitSeconds * 1_000,
        onWait: ({ reason, waitMs }) => progress.show(`The server is ${reason}; waiting ${formatDuration(waitMs)}`),
      });
    },
  };
  try {
    return await command.run(context);
  } catch (error) {
    // Waits of the platform reject with an error of their own; the reason is what the person did.
    if (signal.aborted && !(error instanceof CliError)) throw signal.reason;
    throw error;
  } finally {
    progress.clear();
  }
}

function checkPositionals({ name, usage, positionals, mayPassOn }: Command, { positionals: given }: Arguments): void {
  const { min, max } = positionals;
  if (given.length >= min && given.length <= max) return;
  const shape = usage === "" ? name : `${name} ${usage}`;
  const tooMany = given.length > max ? `"${given[max]}" is one argument too many` : "An argument is missing";
  const hint = mayPassOn && given.length > max ? " Arguments for the script go after --." : "";
  throw new UsageError(`${tooMany}: halligan ${shape}.${hint}`);
}
