import { actionJson } from "../actions/action-json.ts";
import type { Command } from "../command.ts";
import { renderAction } from "../render/action.ts";
import { terminalWidth } from "../render/terminal-width.ts";
import { renderTiming } from "../render/timing.ts";
import { positional } from "./shared-options.ts";

export const action: Command = {
  name: "action",
  summary: "show one action and its commands",
  usage: "ACTION",
  options: {
    timing: {
      type: "boolean",
      help: "also where its time went: when each step was reached, and the milliseconds between",
    },
  },
  positionals: { min: 1, max: 1 },
  examples: [
    "halligan action 3f2a0d6e-5b1c-4c58-9a51-0c3f6d1b7a22",
    "halligan action 3f2a0d6e-5b1c-4c58-9a51-0c3f6d1b7a22 --timing",
  ],
  jsonShape:
    "{action: the API's machine action}; with --timing also timing: {steps: [{step, index, at, sinceMs}], totalMs}",
  async run({ args, connect, env, signal }) {
    const client = await connect();
    const id = positional(args, 0);
    const found = await client.getMachineAction(id, { signal });
    const json = { action: actionJson(found) };
    if (!args.flag("timing")) return { json, text: renderAction(found) };
    const timing = await client.getMachineActionTiming(id, { signal });
    const table = renderTiming(timing, found, terminalWidth(env.stdout));
    return { json: { ...json, timing }, text: `${renderAction(found)}\n${table}` };
  },
};
