import { EXPIRES_OPTION, secretLifetimeSeconds } from "../../arguments/secret-lifetime.ts";
import type { CommandDefinition } from "../../command.ts";
import { findClientId } from "../../lookup/application.ts";
import { harmlessLine } from "../../render/text/harmless.ts";
import { formatTime } from "../../render/text/units.ts";
import { positional } from "../shared-options.ts";

export const appAddSecret: CommandDefinition = {
  usage: "APPLICATION",
  details: [
    "APPLICATION is a client id, or a name that only one application has. The secret goes to standard output, once: the " +
      "server keeps only a hash of it. The present secrets stay good; remove them with halligan app remove-secret when " +
      "nothing uses them any more. You need every permission that the application has.",
  ],
  options: EXPIRES_OPTION,
  positionals: { min: 1, max: 1 },
  examples: ["halligan app add-secret playbook --expires 90d > playbook.secret"],
  jsonShape: "{secret: {id, createdAt, expiresAt, isUsable, clientSecret}}",
  async run({ args, connect, signal }) {
    const expiresInSeconds = secretLifetimeSeconds(args);
    const client = await connect();
    const clientId = await findClientId(client, positional(args, 0), signal);
    const request = expiresInSeconds === undefined ? {} : { expiresInSeconds };
    const secret = await client.addApplicationSecret(clientId, request, { signal });
    const end = secret.expiresAt === null ? "has no end" : `ends ${formatTime(secret.expiresAt)}`;
    return {
      json: { secret },
      text: `${harmlessLine(secret.clientSecret)}\n`,
      notes: `Secret ${harmlessLine(secret.id)} ${end}. It is not shown again.\n`,
    };
  },
};
