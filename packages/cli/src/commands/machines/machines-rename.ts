import { chosenName } from "../../arguments/chosen-name.ts";
import type { CommandDefinition } from "../../command.ts";
import { UsageError } from "../../errors/cli-error.ts";
import { findMachineId } from "../../lookup/machine.ts";
import { machineJson } from "../../render/machine-details.ts";
import { harmlessLine } from "../../render/text/harmless.ts";
import { positional } from "../shared-options.ts";

export const machinesRename: CommandDefinition = {
  usage: "MACHINE (NAME | --reset)",
  details: [
    "From then on the API shows and finds the machine under this name, and so does every tool that uses the API. Actions " +
      "keep the name that the machine had when they were started. --reset gives the device's own name back.",
  ],
  options: { reset: { type: "boolean", help: "use the name that the device itself states" } },
  positionals: { min: 1, max: 2 },
  examples: ["halligan machines rename web-01 web-01-old", "halligan machines rename web-01-old --reset"],
  jsonShape: "{machine: as machines show}",
  async run({ args, connect, signal }) {
    const name = args.positionals[1] ?? null;
    if ((name === null) !== args.flag("reset")) throw new UsageError("Give either a NAME or --reset.");
    if (name !== null) chosenName(name, "The new name");
    const client = await connect();
    const machineId = await findMachineId(client, positional(args, 0), signal);
    const renamed = await client.renameMachine(machineId, name, { signal });
    return {
      json: { machine: machineJson(renamed) },
      text: `${renamed.id} is ${harmlessLine(renamed.computerDnsName ?? "-")}\n`,
    };
  },
};
