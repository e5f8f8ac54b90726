import type { Command } from "../command.ts";
import { positional } from "./shared-options.ts";

export const appRemoveSecret: Command = {
  name: "app remove-secret",
  summary: "remove the secret of an application that has keys",
  usage: "CLIENT-ID",
  details: [
    "For applications that older versions made with keys and a secret: app list shows secret+keys. Tokens that the " +
      "application got by its secret last until they expire, an hour at most.",
  ],
  options: {},
  positionals: { min: 1, max: 1 },
  examples: ["halligan app remove-secret 0b7f2c56-77a5-4a0e-9f0e-1d2c3b4a5968"],
  jsonShape: "{secretRemoved: CLIENT-ID}",
  async run({ args, connect, signal }) {
    const clientId = positional(args, 0);
    const client = await connect();
    await client.deleteApplicationSecret(clientId, { signal });
    return { json: { secretRemoved: clientId }, text: `${clientId} has no secret now\n` };
  },
};
