import { runScripts } from "../../actions/run-scripts.ts";
import { command } from "../../actions/start-action.ts";
import type { CommandDefinition } from "../../command.ts";
import { UsageError } from "../../errors/cli-error.ts";
import { pinOf, stage } from "../../library/choose-file.ts";
import {
  INTERPRETER_OPTION,
  interpreterOf,
  isStdin,
  readStdinScript,
  typedScript,
} from "../../library/typed-script.ts";
import { findTarget, parseTarget, TARGET_DETAILS, TARGET_OPTIONS, type Target } from "../../lookup/target-machine.ts";
import {
  cancelsOnInterrupt,
  INTERRUPT_OPTION,
  LIVE_OPTION,
  LIVE_SHAPE,
  permissionsToStart,
  RAW_OPTION,
  START_OPTIONS,
  timeoutMs,
  wantsLive,
  wantsRaw,
} from "../shared-options.ts";
import { QUEUE_OPTIONS, SCRIPT_OPTIONS, scriptOptions } from "./options/action-options.ts";
import { encryptSecrets, readSecrets, SECRET_DETAILS, SECRET_OPTIONS } from "./options/secret-options.ts";

export const exec: CommandDefinition = {
  usage: "MACHINE COMMAND... [-- WORDS...]",
  details: [
    "COMMAND is what a shell of the device runs. Several words are joined with blanks, as ssh does it, so quote what your own " +
      "shell must not change; words that begin with a dash go after --. COMMAND - reads the script from standard input.",
    "The command is sent with the action and kept with it; the library is not touched. It needs the permissions to run " +
      "scripts and to add to the library. What ran: halligan action ACTION --script",
    "Output, errors and exit code are those of the command, as for halligan run.",
    SECRET_DETAILS,
    TARGET_DETAILS,
  ],
  options: {
    ...INTERPRETER_OPTION,
    ...SCRIPT_OPTIONS,
    ...SECRET_OPTIONS,
    ...TARGET_OPTIONS,
    ...RAW_OPTION,
    ...LIVE_OPTION,
    ...INTERRUPT_OPTION,
    ...QUEUE_OPTIONS,
    ...START_OPTIONS,
  },
  positionals: { min: 0, max: Number.POSITIVE_INFINITY },
  permissions: permissionsToStart("for the command"),
  mayPassOn: true,
  examples: [
    "halligan exec web-01 'ps aux | head'",
    "halligan exec web-01 -- ls -l /tmp",
    "halligan exec --tag case-4711 'journalctl -u ssh --since yesterday | wc -l'",
    "halligan exec web-01 --interpreter python 'import sys; print(sys.version)'",
    "halligan exec web-01 - < collect.sh",
    "halligan exec web-01 --secret PGPASSWORD 'psql -h db -U backup -l'",
  ],
  jsonShape:
    "{action, exitCode, results: [{index, type: RunScript, scriptName, exitCode, output, errors, truncated, streams?}], error?}; with --no-wait {action}" +
    LIVE_SHAPE,
  async run(context) {
    const { args, signal } = context;
    const machine = parseTarget(args, args.passedOn.length > 0 ? [] : ["COMMAND"], "orMore");
    const limitMs = timeoutMs(args);
    const isRaw = wantsRaw(context);
    const isLive = wantsLive(context);
    const isCancelled = cancelsOnInterrupt(args);
    const interpreter = interpreterOf(args);
    const options = scriptOptions(args);
    refuseMachineAsCommand(machine, args.passedOn);
    const line = [...machine.operands, ...args.passedOn].join(" ");
    if (line.trim() === "") throw new UsageError("COMMAND is empty; there is nothing to run.");
    const secrets = await readSecrets(context, isStdin(line));
    const script = isStdin(line) ? await readStdinScript(context) : typedScript(new TextEncoder().encode(`${line}\n`));
    const client = await context.connect();
    const { machineId, named } = await findTarget(client, machine, signal);
    await stage(context, client, script);
    const secretEnv = await encryptSecrets(context, client, { machineId, named }, secrets);
    const request = {
      machineId,
      named,
      commands: [command("RunScript", {}, { ...pinOf(script), ...interpreter })],
      comment: args.text("comment"),
      options,
      secretEnv,
    };
    return runScripts(context, client, request, {
      limitMs,
      maxSizeBytes: 0,
      isRaw,
      isCancelled,
      isLive,
      targetOf: () => Promise.reject(new Error("A RunScript has no file")),
    });
  },
};

/**
 * With --tag and the like, the first of several words could be a MACHINE that is still there, and
 * would be run as a command on another one.
 */
function refuseMachineAsCommand({ by, operands }: Target, passedOn: readonly string[]): void {
  const [first] = operands;
  if (by.kind === "name" || first === undefined || operands.length + passedOn.length === 1) return;
  throw new UsageError(
    `${by.typed} names the machine, and "${first}" would be run as a command. Leave MACHINE out; a COMMAND of several ` +
      "words is in quotes, or after --.",
  );
}
