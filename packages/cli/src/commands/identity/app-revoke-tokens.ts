import type { CommandDefinition } from "../../command.ts";
import { findClientId } from "../../lookup/application.ts";
import { positional } from "../shared-options.ts";

export const appRevokeTokens: CommandDefinition = {
  usage: "APPLICATION",
  details: [
    "APPLICATION is a client id, or a name that only one application has. For a token that leaked: its secrets and keys " +
      "stay good, and it signs in again.",
  ],
  options: {},
  positionals: { min: 1, max: 1 },
  examples: ["halligan app revoke-tokens playbook"],
  jsonShape: "{tokensRevoked: CLIENT-ID}",
  async run({ args, connect, signal }) {
    const client = await connect();
    const clientId = await findClientId(client, positional(args, 0), signal);
    await client.revokeApplicationTokens(clientId, { signal });
    return { json: { tokensRevoked: clientId }, text: `The tokens of ${clientId} are refused now\n` };
  },
};
