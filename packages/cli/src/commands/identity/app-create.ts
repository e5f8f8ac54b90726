import { resolve } from "node:path";
import { isPermission, PERMISSIONS } from "@halligan/protocol/api";
import { didYouMean } from "@halligan/protocol/text";
import { readKeyFile } from "../../application-keys/read-key-file.ts";
import { chosenName } from "../../arguments/chosen-name.ts";
import { EXPIRES_OPTION, secretLifetimeSeconds } from "../../arguments/secret-lifetime.ts";
import type { CommandDefinition } from "../../command.ts";
import { UsageError } from "../../errors/cli-error.ts";
import { harmlessLine } from "../../render/text/harmless.ts";
import { positional } from "../shared-options.ts";

export const appCreate: CommandDefinition = {
  usage: "NAME --role ROLE... [--key FILE...]",
  details: [
    "Without --key the application gets a secret. The client id and the secret go to standard output, once: the server " +
      "keeps only a hash of the secret.",
    "With --key it gets no secret and signs its token requests (private_key_jwt, the certificate of MSAL). FILE is a PEM " +
      "public key, a PEM certificate, a JWK or a JWK set: RSA from 2048 bits, P-256 or Ed25519. Never a private key.",
    "You give it only permissions that you have yourself.",
    `Roles: ${Object.keys(PERMISSIONS).join(", ")}.`,
  ],
  options: {
    ...EXPIRES_OPTION,
    role: { type: "string", multiple: true, placeholder: "ROLE", help: "a permission it gets; repeatable" },
    key: { type: "string", multiple: true, placeholder: "FILE", help: "a public key in place of a secret; repeatable" },
  },
  positionals: { min: 1, max: 1 },
  examples: [
    "halligan app create playbook --role Machine.LiveResponse --role Machine.Read.All",
    "halligan app create connector --role Machine.Read.All --key connector.crt",
  ],
  jsonShape:
    "{application: {clientId, name, roles, hasSecret, secrets, keyIds, createdAt, ownerId, clientSecret}}; clientSecret is " +
    "null with --key",
  async run({ args, env, connect, signal }) {
    const name = chosenName(positional(args, 0), "The application's name");
    const roles = [...new Set(args.texts("role"))];
    if (roles.length === 0) throw new UsageError("An application needs at least one --role ROLE.");
    const unknown = roles.find((role) => !isPermission(role));
    if (unknown !== undefined) {
      throw new UsageError(`There is no role "${unknown}".${didYouMean(unknown, Object.keys(PERMISSIONS))}`);
    }
    const secretExpiresInSeconds = secretLifetimeSeconds(args);
    if (secretExpiresInSeconds !== undefined && args.texts("key").length > 0) {
      throw new UsageError("An application with --key has no secret that --expires could end.");
    }
    const files = args.texts("key").map((file) => resolve(env.currentFolder, file));
    const keys = (await Promise.all(files.map(readKeyFile))).flat();
    const client = await connect();
    const created = await client.createApplication(
      {
        name,
        roles,
        ...(keys.length > 0 && { keys: [...keys] }),
        ...(secretExpiresInSeconds !== undefined && { secretExpiresInSeconds }),
      },
      { signal },
    );
    const id = `client id      ${harmlessLine(created.clientId)}\n`;
    if (created.clientSecret === null) {
      const names = created.keyIds.map((keyId) => `key            ${harmlessLine(keyId)}\n`).join("");
      return { json: { application: created }, text: `${id}${names}`, notes: "It has no secret.\n" };
    }
    return {
      json: { application: created },
      text: `${id}client secret  ${harmlessLine(created.clientSecret)}\n`,
      notes: "The secret is not shown again.\n",
    };
  },
};
