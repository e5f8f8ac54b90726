import type { CommandDefinition } from "../../command.ts";
import { findAnyMachineId } from "../../lookup/machine.ts";
import { machineJson } from "../../render/machine-details.ts";
import { harmlessLine } from "../../render/text/harmless.ts";
import { positional } from "../shared-options.ts";

export const machinesQuarantine: CommandDefinition = {
  usage: "MACHINE",
  details: [
    "Its key is refused, its connection is closed, and its open action ends as Failed with the reason. Repeating it with " +
      "another reason replaces the reason, except of a quarantine by the server. halligan machines release ends it.",
  ],
  options: {
    reason: { type: "string", placeholder: "TEXT", help: 'why, for the record (default "quarantined with halligan")' },
  },
  positionals: { min: 1, max: 1 },
  examples: ['halligan machines quarantine web-01 --reason "case 4711"'],
  jsonShape: "{machine: as machines show}",
  async run({ args, connect, signal }) {
    const client = await connect();
    const machineId = await findAnyMachineId(client, positional(args, 0), "all", signal);
    const reason = args.text("reason") ?? "quarantined with halligan";
    const machine = await client.quarantineMachine(machineId, reason, { signal });
    const name = harmlessLine(machine.computerDnsName ?? "-");
    return { json: { machine: machineJson(machine) }, text: `${name} (${machine.id}) is in quarantine\n` };
  },
};

export const machinesRelease: CommandDefinition = {
  usage: "MACHINE",
  details: [
    "Its device may connect again. Where two devices use its key, the first one to connect is the machine from then on, and " +
      "the other one puts it back in quarantine. What the quarantine ended stays ended.",
  ],
  options: {},
  positionals: { min: 1, max: 1 },
  examples: ["halligan machines release web-01"],
  jsonShape: "{machine: as machines show}",
  async run({ args, connect, signal }) {
    const client = await connect();
    const machineId = await findAnyMachineId(client, positional(args, 0), "all", signal);
    const machine = await client.releaseMachine(machineId, { signal });
    const name = harmlessLine(machine.computerDnsName ?? "-");
    return { json: { machine: machineJson(machine) }, text: `${name} (${machine.id}) is released\n` };
  },
};
