import { isPermission, PERMISSIONS } from "@halligan/protocol/api";
import { UsageError } from "../cli-error.ts";
import type { Command } from "../command.ts";
import { harmlessLine } from "../render/harmless.ts";
import { didYouMean } from "../suggest.ts";
import { positional } from "./shared-options.ts";

export const appCreate: Command = {
  name: "app create",
  summary: "register an application and show its secret once",
  usage: "NAME --role ROLE...",
  details: [
    "The client id and the secret go to standard output, once: the server keeps only a hash of the secret.",
    `Roles: ${Object.keys(PERMISSIONS).join(", ")}.`,
  ],
  options: {
    role: { type: "string", multiple: true, placeholder: "ROLE", help: "a permission it gets; repeatable" },
  },
  positionals: { min: 1, max: 1 },
  examples: ["halligan app create playbook --role Machine.LiveResponse --role Machine.Read.All"],
  jsonShape: "{application: {clientId, name, roles, createdAt, clientSecret}}",
  async run({ args, connect, signal }) {
    const roles = [...new Set(args.texts("role"))];
    if (roles.length === 0) throw new UsageError("An application needs at least one --role ROLE.");
    const unknown = roles.find((role) => !isPermission(role));
    if (unknown !== undefined) {
      throw new UsageError(`There is no role "${unknown}".${didYouMean(unknown, Object.keys(PERMISSIONS))}`);
    }
    const client = await connect();
    const created = await client.createApplication({ name: positional(args, 0), roles }, { signal });
    return {
      json: { application: created },
      text: `client id      ${harmlessLine(created.clientId)}\nclient secret  ${harmlessLine(created.clientSecret)}\n`,
      notes: "The secret is not shown again.\n",
    };
  },
};
