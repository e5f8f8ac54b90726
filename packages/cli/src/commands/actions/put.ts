import { finishAction } from "../../actions/finish-action.ts";
import { command, startAction, waitWithStartMs } from "../../actions/start-action.ts";
import { startedOnly } from "../../actions/started-only.ts";
import type { CommandDefinition } from "../../command.ts";
import { EXIT } from "../../errors/exit-codes.ts";
import { chooseFile, pinOf, stage } from "../../library/choose-file.ts";
import { findTarget, operand, parseTarget, TARGET_DETAILS, TARGET_OPTIONS } from "../../lookup/target-machine.ts";
import { harmlessLine } from "../../render/text/harmless.ts";
import { permissionsToStart, START_OPTIONS, timeoutMs } from "../shared-options.ts";
import { QUEUE_OPTIONS, queueOptions } from "./options/action-options.ts";

export const put: CommandDefinition = {
  usage: "MACHINE FILE",
  details: [
    "FILE is a local file, which is read once and sent with the action; the library is not touched. Where there is no such " +
      "local file, FILE is the name of a library file, and library:NAME is in any case. What is put is what you chose: a " +
      "library file that was replaced since it was looked up is refused. Scripts find the file in their current folder " +
      "until the machine restarts.",
    TARGET_DETAILS,
  ],
  options: { ...TARGET_OPTIONS, ...QUEUE_OPTIONS, ...START_OPTIONS },
  positionals: { min: 1, max: 2 },
  permissions: permissionsToStart("for local files"),
  examples: ["halligan put web-01 ./rules.yar", "halligan put --tag case-4711 ./rules.yar"],
  jsonShape: "{action, exitCode: null, results: [], error?}; with --no-wait {action}",
  async run(context) {
    const { args, signal } = context;
    const machine = parseTarget(args, ["FILE"]);
    const limitMs = timeoutMs(args);
    const options = queueOptions(args);
    const client = await context.connect();
    const { machineId, named } = await findTarget(client, machine, signal);
    const file = await chooseFile(context, client, operand(machine, 0));
    await stage(context, client, file);
    const request = {
      machineId,
      named,
      commands: [command("PutFile", { FileName: file.name }, pinOf(file))],
      comment: args.text("comment"),
      options,
    };
    const started = await startAction(context, client, request, waitWithStartMs(context, limitMs));
    if (args.flag("no-wait")) return startedOnly(context, started);
    const outcome = await finishAction(context, client, {
      started,
      limitMs,
      maxSizeBytes: 0,
      targetOf: () => Promise.reject(new Error("A PutFile has no result")),
    });
    return outcome.exitCode === EXIT.ok
      ? { ...outcome, text: `${harmlessLine(file.name)} is on the machine\n` }
      : outcome;
  },
};
