import { actionJson } from "../actions/action-json.ts";
import type { Command } from "../command.ts";
import { renderAction } from "../render/action.ts";
import { positional } from "./shared-options.ts";

export const action: Command = {
  name: "action",
  summary: "show one action and its commands",
  usage: "ACTION",
  options: {},
  positionals: { min: 1, max: 1 },
  examples: ["halligan action 3f2a0d6e-5b1c-4c58-9a51-0c3f6d1b7a22"],
  jsonShape: "{action: the API's machine action}",
  async run({ args, connect, signal }) {
    const client = await connect();
    const found = await client.getMachineAction(positional(args, 0), { signal });
    return { json: { action: actionJson(found) }, text: renderAction(found) };
  },
};
