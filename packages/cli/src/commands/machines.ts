import type { MachineWire } from "@halligan/protocol/api";
import type { Command } from "../command.ts";
import { type Column, renderTable } from "../render/table.ts";
import { terminalWidth } from "../render/terminal-width.ts";
import { formatTime } from "../render/units.ts";

const COLUMNS: readonly Column<MachineWire>[] = [
  { title: "MACHINE", cell: ({ computerDnsName }) => computerDnsName },
  { title: "ID", cell: ({ id }) => id },
  { title: "HEALTH", cell: ({ healthStatus }) => healthStatus },
  {
    title: "SYSTEM",
    cell: ({ osPlatform, version }) => [osPlatform, version].filter(Boolean).join(" "),
    mayShrink: true,
  },
  { title: "ADDRESS", cell: ({ lastIpAddress }) => lastIpAddress },
  { title: "LAST SEEN", cell: ({ lastSeen }) => formatTime(lastSeen) },
  { title: "TAGS", cell: ({ machineTags }) => machineTags.join(",") || null, mayShrink: true },
];

export const machines: Command = {
  name: "machines",
  summary: "list the machines",
  usage: "",
  options: {
    filter: { type: "string", placeholder: "ODATA", help: "only these, for example: healthStatus eq 'Active'" },
    top: { type: "string", placeholder: "N", help: "at most N (default 10000)" },
  },
  positionals: { min: 0, max: 0 },
  examples: ["halligan machines", "halligan machines --filter \"healthStatus eq 'Active'\""],
  jsonShape: "{machines: [the API's machine entities]}",
  async run({ args, connect, env, signal }) {
    const limit = args.integer("top", { min: 1, max: 1_000_000 });
    const client = await connect();
    const all = await client.listMachines({ filter: args.text("filter"), limit, signal });
    return {
      json: { machines: all.map(({ "@odata.context": _, ...machine }) => machine) },
      text: renderTable(all, COLUMNS, terminalWidth(env.stdout)),
    };
  },
};
