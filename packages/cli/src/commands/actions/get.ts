import { finishAction } from "../../actions/finish-action.ts";
import { command, startAction } from "../../actions/start-action.ts";
import type { CommandDefinition } from "../../command.ts";
import { beginDownload } from "../../download/early-download.ts";
import { chooseTarget } from "../../download/target.ts";
import { UsageError } from "../../errors/cli-error.ts";
import { findTarget, operand, parseTarget, TARGET_DETAILS, TARGET_OPTIONS } from "../../lookup/target-machine.ts";
import { maxSizeBytes, permissionsToStart, SAVE_OPTIONS, START_OPTIONS, timeoutMs } from "../shared-options.ts";
import { QUEUE_OPTIONS, queueOptions } from "./action-options.ts";
import { startedOnly } from "./started-only.ts";

export const get: CommandDefinition = {
  usage: "MACHINE PATH",
  details: [
    "The file is downloaded while the device sends it, unpacked and hashed as it arrives. It gets its name only when all of it is here. Without -o it is " +
      'saved under its own name in the current folder; "-o -" writes it to standard output.',
    TARGET_DETAILS,
  ],
  options: { ...TARGET_OPTIONS, ...SAVE_OPTIONS, ...QUEUE_OPTIONS, ...START_OPTIONS },
  positionals: { min: 1, max: 2 },
  permissions: permissionsToStart(null),
  examples: [
    "halligan get web-01 /var/log/auth.log",
    "halligan get web-01 'C:\\Windows\\System32\\drivers\\etc\\hosts' -o hosts.txt",
    "halligan get --tag case-4711 /var/log/auth.log",
  ],
  jsonShape:
    "{action, exitCode: null, results: [{index, type: GetFile, path, savedAs, sizeBytes, sha256}], error?}; with --no-wait {action}",
  async run(context) {
    const { args, env, isJson, signal } = context;
    const machine = parseTarget(args, ["PATH"]);
    const devicePath = operand(machine, 0);
    const output = args.text("output");
    if (isJson && output === "-")
      throw new UsageError("With --json standard output holds the document; save to a file.");
    const limitMs = timeoutMs(args);
    const options = queueOptions(args);
    const maxBytes = maxSizeBytes(args);
    const { currentFolder } = env;
    const target = await chooseTarget({ devicePath, output, mayReplace: args.flag("force"), currentFolder });
    const client = await context.connect();
    const { machineId, named } = await findTarget(client, machine, signal);
    const request = {
      machineId,
      named,
      commands: [command("GetFile", { Path: devicePath })],
      comment: args.text("comment"),
      options,
    };
    // The file is downloaded while it arrives, so the start does not wait for the end.
    const started = await startAction(context, client, request, null);
    if (args.flag("no-wait")) return startedOnly(context, started);
    const { actionId } = started;
    const wanted = { actionId, commandIndex: 0, target, maxSizeBytes: maxBytes, signal };
    await using early = beginDownload(client, wanted);
    return await finishAction(context, client, {
      started,
      early,
      limitMs,
      maxSizeBytes: maxBytes,
      targetOf: async () => target,
    });
  },
};
