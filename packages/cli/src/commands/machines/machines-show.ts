import type { CommandDefinition } from "../../command.ts";
import { findAnyMachineId } from "../../lookup/machine.ts";
import { machineJson, renderMachineDetails } from "../../render/machine-details.ts";
import { positional } from "../shared-options.ts";

export const machinesShow: CommandDefinition = {
  usage: "MACHINE",
  options: {},
  positionals: { min: 1, max: 1 },
  examples: ["halligan machines show web-01"],
  jsonShape:
    "{machine: the API's machine entity, and deviceName, displayName, state, isConnected, retiredAt, retiredBy, " +
    "retireReason, enrollmentTokenId, unfinishedActionId}",
  async run({ args, connect, signal }) {
    const client = await connect();
    const machineId = await findAnyMachineId(client, positional(args, 0), "all", signal);
    const found = await client.getMachineDetails(machineId, { signal });
    return { json: { machine: machineJson(found) }, text: renderMachineDetails(found) };
  },
};
