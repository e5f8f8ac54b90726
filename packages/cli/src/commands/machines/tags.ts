import type { MachineWire } from "@halligan/protocol/api";
import type { CommandContext, CommandDefinition, Outcome } from "../../command.ts";
import { findMachineId } from "../../lookup/machine.ts";
import { harmlessLine } from "../../render/text/harmless.ts";
import { positional } from "../shared-options.ts";

const JSON_SHAPE = "{machineId, tags: [the tags that the machine has now]}";

export const tagsAdd: CommandDefinition = {
  usage: "MACHINE TAG...",
  options: {},
  positionals: { min: 2, max: Number.POSITIVE_INFINITY },
  examples: ["halligan tags add web-01 lab tier-1"],
  jsonShape: JSON_SHAPE,
  run: (context) => changeEach(context, "Add"),
};

export const tagsRemove: CommandDefinition = {
  usage: "MACHINE TAG...",
  options: {},
  positionals: { min: 2, max: Number.POSITIVE_INFINITY },
  examples: ["halligan tags remove web-01 tier-1"],
  jsonShape: JSON_SHAPE,
  run: (context) => changeEach(context, "Remove"),
};

export const tagsSet: CommandDefinition = {
  usage: "MACHINE [TAG...]",
  details: ["Without a TAG the machine has none afterwards. All tags change at once."],
  options: {},
  positionals: { min: 1, max: Number.POSITIVE_INFINITY },
  examples: ["halligan tags set web-01 lab", "halligan tags set web-01"],
  jsonShape: JSON_SHAPE,
  async run({ args, connect, signal }) {
    const client = await connect();
    const machineId = await findMachineId(client, positional(args, 0), signal);
    const tags = [...new Set(args.positionals.slice(1))];
    return outcomeOf(await client.replaceMachineTags(machineId, tags, { signal }));
  },
};

/** By the contract's own call, which takes one tag at a time and repeats without harm. */
async function changeEach({ args, connect, signal }: CommandContext, change: "Add" | "Remove"): Promise<Outcome> {
  const client = await connect();
  const machineId = await findMachineId(client, positional(args, 0), signal);
  let machine: MachineWire | null = null;
  for (const tag of new Set(args.positionals.slice(1))) {
    machine = await client.setMachineTag(machineId, { Value: tag, Action: change }, { signal });
  }
  return outcomeOf(machine ?? (await client.getMachine(machineId, { signal })));
}

function outcomeOf({ id, computerDnsName, machineTags }: MachineWire): Outcome {
  const tags = machineTags.length === 0 ? "no tags" : machineTags.join(", ");
  return {
    json: { machineId: id, tags: machineTags },
    text: `${harmlessLine(computerDnsName ?? id)}: ${harmlessLine(tags)}\n`,
  };
}
