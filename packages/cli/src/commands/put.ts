import { finishAction } from "../actions/finish-action.ts";
import { command, startAction } from "../actions/start-action.ts";
import type { Command } from "../command.ts";
import { EXIT } from "../exit-codes.ts";
import { placeFile } from "../library/place-file.ts";
import { findMachineId } from "../machine.ts";
import { positional, START_OPTIONS, timeoutMs } from "./shared-options.ts";
import { startedOnly } from "./started-only.ts";

export const put: Command = {
  name: "put",
  summary: "put a file into a machine's working folder",
  usage: "MACHINE FILE",
  details: [
    "A local FILE is added to the library first and replaces one of its name; where there is no such local file, FILE is " +
      "the name of a library file. Scripts find it in their current folder until the machine restarts.",
  ],
  options: START_OPTIONS,
  positionals: { min: 2, max: 2 },
  examples: ["halligan put web-01 ./rules.yar"],
  jsonShape: "{action, exitCode: null, results: [], error?}; with --no-wait {action}",
  async run(context) {
    const { args, signal } = context;
    const limitMs = timeoutMs(args);
    const client = await context.connect();
    const machineId = await findMachineId(client, positional(args, 0), signal);
    const fileName = await placeFile(context, client, positional(args, 1));
    const created = await startAction(context, client, {
      machineId,
      commands: [command("PutFile", { FileName: fileName })],
      comment: args.text("comment"),
    });
    if (args.flag("no-wait")) return startedOnly(context, created);
    const outcome = await finishAction(context, client, {
      actionId: created.id,
      created,
      limitMs,
      maxSizeBytes: 0,
      targetOf: () => Promise.reject(new Error("A PutFile has no result")),
    });
    return outcome.exitCode === EXIT.ok ? { ...outcome, text: `${fileName} is on the machine\n` } : outcome;
  },
};
