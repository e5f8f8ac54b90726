import type { CommandDefinition } from "../../command.ts";
import { findAnyMachineId } from "../../lookup/machine.ts";
import { positional } from "../shared-options.ts";

export const machinesRemove: CommandDefinition = {
  usage: "MACHINE",
  details: [
    "Only of a retired machine, and not to be taken back: its key stays refused. Its actions and audit records stay and are " +
      "found by their ids.",
  ],
  options: {},
  positionals: { min: 1, max: 1 },
  examples: ["halligan machines remove web-01"],
  jsonShape: "{removed: MACHINE-ID}",
  async run({ args, connect, signal }) {
    const client = await connect();
    const machineId = await findAnyMachineId(client, positional(args, 0), "retired", signal);
    await client.deleteMachine(machineId, { signal });
    return { json: { removed: machineId }, text: `Removed ${machineId}\n` };
  },
};
