import type { CommandDefinition } from "../../command.ts";
import { orSee } from "../../errors/or-see.ts";
import { findClientId } from "../../lookup/application.ts";
import { harmlessLine } from "../../render/text/harmless.ts";
import { positional } from "../shared-options.ts";

export const appRemoveSecret: CommandDefinition = {
  usage: "APPLICATION [SECRET-ID]",
  details: [
    "APPLICATION is a client id, or a name that only one application has. The ids of its secrets are in halligan app list " +
      "--secrets. Tokens that the secret gave are refused at once. Without SECRET-ID all secrets are removed, of an " +
      "application that has keys as well: app list shows secret+keys.",
  ],
  options: {},
  positionals: { min: 1, max: 2 },
  examples: ["halligan app remove-secret playbook 8d3f6b1a-54c9-4e7d-9a02-6b7c1d5e8f30"],
  jsonShape: "{secretRemoved: CLIENT-ID, secretId: SECRET-ID or null}",
  async run({ args, connect, signal }) {
    const client = await connect();
    const clientId = await findClientId(client, positional(args, 0), signal);
    const [, secretId = null] = args.positionals;
    if (secretId === null) await client.deleteApplicationSecret(clientId, { signal });
    else await orSee(client.removeApplicationSecret(clientId, secretId, { signal }), "halligan app list --secrets");
    const text =
      secretId === null
        ? `${clientId} has no secret now\n`
        : `Removed secret ${harmlessLine(secretId)} of ${clientId}\n`;
    return { json: { secretRemoved: clientId, secretId }, text };
  },
};
