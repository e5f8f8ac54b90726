import type { CommandDefinition } from "../../command.ts";
import { findAnyMachineId } from "../../lookup/machine.ts";
import { machineJson } from "../../render/machine-details.ts";
import { harmlessLine } from "../../render/text/harmless.ts";
import { positional } from "../shared-options.ts";

export const machinesReinstate: CommandDefinition = {
  usage: "MACHINE",
  details: ["Where its agent still runs, it connects again within a minute. What the retirement ended stays ended."],
  options: {},
  positionals: { min: 1, max: 1 },
  examples: ["halligan machines reinstate web-01"],
  jsonShape: "{machine: as machines show}",
  async run({ args, connect, signal }) {
    const client = await connect();
    const machineId = await findAnyMachineId(client, positional(args, 0), "retired", signal);
    const machine = await client.reinstateMachine(machineId, { signal });
    const name = harmlessLine(machine.computerDnsName ?? "-");
    return { json: { machine: machineJson(machine) }, text: `${name} (${machine.id}) is in use again\n` };
  },
};
