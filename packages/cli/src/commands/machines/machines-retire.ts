import type { CommandDefinition } from "../../command.ts";
import { findAnyMachineId } from "../../lookup/machine.ts";
import { machineJson } from "../../render/machine-details.ts";
import { harmlessLine } from "../../render/text/harmless.ts";
import { positional } from "../shared-options.ts";

export const machinesRetire: CommandDefinition = {
  usage: "MACHINE",
  details: [
    "Its open action ends as Failed with the reason, its connection is closed, and its agent ends what it runs. Its actions, " +
      "results and audit records stay. Repeating it changes nothing. halligan machines reinstate takes it back.",
  ],
  options: {
    reason: { type: "string", placeholder: "TEXT", help: 'why, for the record (default "retired with halligan")' },
  },
  positionals: { min: 1, max: 1 },
  examples: ['halligan machines retire web-01 --reason "sold, ticket 4711"'],
  jsonShape: "{machine: as machines show}",
  async run({ args, connect, signal }) {
    const client = await connect();
    const machineId = await findAnyMachineId(client, positional(args, 0), "all", signal);
    const retired = await client.retireMachine(machineId, args.text("reason") ?? "retired with halligan", { signal });
    const name = harmlessLine(retired.computerDnsName ?? "-");
    return { json: { machine: machineJson(retired) }, text: `Retired ${name} (${retired.id})\n` };
  },
};
