import type { ApplicationWire } from "@halligan/protocol/api";
import type { Command } from "../command.ts";
import { type Column, renderTable } from "../render/table.ts";
import { terminalWidth } from "../render/terminal-width.ts";
import { formatTime } from "../render/units.ts";

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

export const appList: Command = {
  name: "app list",
  summary: "list the applications",
  usage: "",
  options: {},
  positionals: { min: 0, max: 0 },
  examples: ["halligan app list"],
  jsonShape: "{applications: [{clientId, name, roles, hasSecret, keyIds, createdAt}]}",
  async run({ connect, env, signal }) {
    const client = await connect();
    const applications = await client.listApplications({ signal });
    return { json: { applications }, text: renderTable(applications, COLUMNS, terminalWidth(env.stdout)) };
  },
};
