import type { ApplicationSecretWire, ApplicationWire } from "@halligan/protocol/api";
import type { CommandDefinition } from "../../command.ts";
import { type Column, renderTable } from "../../render/text/table.ts";
import { terminalWidth } from "../../render/text/terminal-width.ts";
import { formatTime } from "../../render/text/units.ts";

interface ListedSecret {
  readonly application: ApplicationWire;
  readonly secret: ApplicationSecretWire;
}

const SECRET_COLUMNS: readonly Column<ListedSecret>[] = [
  { title: "CLIENT ID", cell: ({ application }) => application.clientId },
  { title: "NAME", cell: ({ application }) => application.name, isName: true },
  { title: "SECRET ID", cell: ({ secret }) => secret.id },
  { title: "CREATED", cell: ({ secret }) => formatTime(secret.createdAt) },
  { title: "EXPIRES", cell: ({ secret }) => (secret.expiresAt === null ? "never" : formatTime(secret.expiresAt)) },
  { title: "USABLE", cell: ({ secret }) => (secret.isUsable ? "yes" : "no") },
];

const COLUMNS: readonly Column<ApplicationWire>[] = [
  { title: "CLIENT ID", cell: ({ clientId }) => clientId },
  { title: "NAME", cell: ({ name }) => name, isName: true },
  { title: "SIGNS IN BY", cell: signsInBy },
  { title: "CREATED", cell: ({ createdAt }) => formatTime(createdAt) },
  { title: "ROLES", cell: ({ roles }) => roles.join(" "), mayShrink: true },
];

function signsInBy({ hasSecret, keyIds }: ApplicationWire): string {
  if (keyIds.length === 0) return "secret";
  return hasSecret ? "secret+keys" : "keys";
}

export const appList: CommandDefinition = {
  usage: "",
  options: {
    secrets: { type: "boolean", help: "their secrets instead: ids and ends, never values" },
  },
  positionals: { min: 0, max: 0 },
  examples: ["halligan app list", "halligan app list --secrets"],
  jsonShape:
    "{applications: [{clientId, name, roles, hasSecret, secrets: [{id, createdAt, expiresAt, isUsable}], keyIds, createdAt, " +
    "ownerId}]}",
  async run({ args, connect, env, signal }) {
    const client = await connect();
    const applications = await client.listApplications({ signal });
    const width = terminalWidth(env.stdout);
    const listed = () =>
      applications.flatMap((application) => (application.secrets ?? []).map((secret) => ({ application, secret })));
    const text = args.flag("secrets")
      ? renderTable(listed(), SECRET_COLUMNS, width)
      : renderTable(applications, COLUMNS, width);
    return { json: { applications }, text };
  },
};
