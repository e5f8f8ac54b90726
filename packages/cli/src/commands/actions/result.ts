import { finishAction } from "../../actions/finish-action.ts";
import { startedBefore } from "../../actions/start-action.ts";
import type { CommandDefinition } from "../../command.ts";
import { chooseTarget } from "../../download/target.ts";
import { UsageError } from "../../errors/cli-error.ts";
import {
  maxSizeBytes,
  positional,
  RAW_OPTION,
  SAVE_OPTIONS,
  timeoutMs,
  WAIT_OPTIONS,
  wantsRaw,
} from "../shared-options.ts";

export const result: CommandDefinition = {
  usage: "ACTION [INDEX]",
  details: [
    "What run and get do after the start: for actions started with --no-wait, by others, or waited for until Ctrl+C. " +
      "INDEX takes one command's result; without it all are fetched.",
  ],
  options: { ...SAVE_OPTIONS, ...RAW_OPTION, ...WAIT_OPTIONS },
  positionals: { min: 1, max: 2 },
  examples: [
    "halligan result 3f2a0d6e-5b1c-4c58-9a51-0c3f6d1b7a22",
    "halligan result 3f2a0d6e-5b1c-4c58-9a51-0c3f6d1b7a22 1 -o out.bin",
  ],
  jsonShape: "as run",
  async run(context) {
    const { args, env, isJson } = context;
    const output = args.text("output");
    if (isJson && output === "-")
      throw new UsageError("With --json standard output holds the document; save to a file.");
    const index = args.positionals[1];
    if (index !== undefined && !/^\d{1,4}$/.test(index))
      throw new UsageError(`INDEX is a number from 0, not "${index}".`);
    const limitMs = timeoutMs(args);
    const maxBytes = maxSizeBytes(args);
    const isRaw = wantsRaw(context);
    const target = { output, mayReplace: args.flag("force"), currentFolder: env.currentFolder };
    // Before the wait, which can be long.
    if (output !== undefined) await chooseTarget({ ...target, devicePath: null });
    const client = await context.connect();
    return finishAction(context, client, {
      started: startedBefore(positional(args, 0)),
      limitMs,
      onlyIndex: index === undefined ? undefined : Number(index),
      maxSizeBytes: maxBytes,
      isRaw,
      targetOf: (_, devicePath) => chooseTarget({ ...target, devicePath }),
    });
  },
};
