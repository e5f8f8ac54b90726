import type { CommandDefinition } from "../../command.ts";
import { findClientId, madeBy } from "../../lookup/application.ts";
import { positional } from "../shared-options.ts";

export const appRemove: CommandDefinition = {
  usage: "APPLICATION",
  details: [
    "APPLICATION is a client id, or a name that only one application has. Applications that it made do not end with it, and are named.",
  ],
  options: {},
  positionals: { min: 1, max: 1 },
  examples: ["halligan app remove playbook", "halligan app remove 0b7f2c56-77a5-4a0e-9f0e-1d2c3b4a5968"],
  jsonShape: "{removed: CLIENT-ID}",
  async run({ args, connect, signal }) {
    const client = await connect();
    const clientId = await findClientId(client, positional(args, 0), signal);
    const notes = await madeBy(client, clientId, signal);
    await client.deleteApplication(clientId, { signal });
    return { json: { removed: clientId }, text: `Removed ${clientId}\n`, notes };
  },
};
