import { actionJson, statusOf } from "../../actions/action-json.ts";
import type { CommandDefinition } from "../../command.ts";
import { orSee } from "../../errors/or-see.ts";
import { COMMENT_OPTION, positional } from "../shared-options.ts";

export const cancel: CommandDefinition = {
  usage: "ACTION",
  details: ["The action is cancelled at once, and the machine ends what it runs."],
  options: COMMENT_OPTION,
  positionals: { min: 1, max: 1 },
  examples: ['halligan cancel 3f2a0d6e-5b1c-4c58-9a51-0c3f6d1b7a22 --comment "wrong machine"'],
  jsonShape: "{action: the API's machine action}",
  async run({ args, connect, signal }) {
    const client = await connect();
    const comment = args.text("comment") ?? "cancelled with halligan";
    const cancelled = await orSee(
      client.cancelMachineAction(positional(args, 0), comment, { signal }),
      "halligan actions",
    );
    return { json: { action: actionJson(cancelled) }, text: `Action ${cancelled.id} is ${statusOf(cancelled)}\n` };
  },
};
