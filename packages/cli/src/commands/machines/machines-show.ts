import type { CommandDefinition } from "../../command.ts";
import { findAnyMachineId } from "../../lookup/machine.ts";
import { findMatchingMachine, parseTarget, TARGET_DETAILS, TARGET_OPTIONS } from "../../lookup/target-machine.ts";
import { machineJson, renderMachineDetails } from "../../render/machine-details.ts";

export const machinesShow: CommandDefinition = {
  usage: "MACHINE",
  details: [TARGET_DETAILS],
  options: TARGET_OPTIONS,
  positionals: { min: 0, max: 1 },
  examples: ["halligan machines show web-01", "halligan machines show --tag case-4711"],
  jsonShape:
    "{machine: the API's machine entity, and deviceName, displayName, state, isConnected, retiredAt, retiredBy, " +
    "retireReason, enrollmentTokenId, unfinishedActionId}",
  async run({ args, connect, signal }) {
    const { by } = parseTarget(args, []);
    const client = await connect();
    const machineId =
      by.kind === "name"
        ? await findAnyMachineId(client, by.named, "all", signal)
        : await findMatchingMachine(client, by, signal);
    const found = await client.getMachineDetails(machineId, { signal });
    return { json: { machine: machineJson(found) }, text: renderMachineDetails(found) };
  },
};
