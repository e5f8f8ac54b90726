import type { EnrollmentTokenSummaryWire } from "@halligan/protocol/api";
import type { CommandDefinition } from "../../command.ts";
import { type Column, renderTable } from "../../render/text/table.ts";
import { terminalWidth } from "../../render/text/terminal-width.ts";
import { formatTime } from "../../render/text/units.ts";

const COLUMNS: readonly Column<EnrollmentTokenSummaryWire>[] = [
  { title: "ID", cell: ({ id }) => id },
  { title: "STATE", cell: ({ state }) => state },
  { title: "LEFT", cell: ({ uses, usesLeft }) => `${usesLeft}/${uses}`, align: "right" },
  { title: "MACHINES", cell: ({ machinesEnrolled }) => String(machinesEnrolled), align: "right" },
  { title: "EXPIRES", cell: ({ expiresAt }) => formatTime(expiresAt) },
  { title: "LAST USED", cell: ({ lastUsedAt }) => formatTime(lastUsedAt) },
  { title: "CREATED", cell: ({ createdAt }) => formatTime(createdAt) },
  { title: "BY", cell: ({ createdBy }) => createdBy, mayShrink: true },
];

export const enrollmentTokenList: CommandDefinition = {
  usage: "",
  details: [
    "The tokens themselves are not kept and not shown. Which machines came with one: halligan machines --all --enrolled-with ID.",
  ],
  options: {
    top: { type: "string", placeholder: "N", help: "at most N (default 100)" },
    usable: { type: "boolean", help: "only those with which machines can still enroll" },
  },
  positionals: { min: 0, max: 0 },
  examples: ["halligan enrollment-token list --usable"],
  jsonShape:
    "{enrollmentTokens: [{id, state, createdBy, createdAt, expiresAt, uses, usesLeft, lastUsedAt, machinesEnrolled, " +
    "revokedAt, revokedBy}]}",
  async run({ args, connect, env, signal }) {
    const limit = args.integer("top", { min: 1, max: 100_000 }) ?? 100;
    const client = await connect();
    const listed = await client.listEnrollmentTokens({ limit, signal });
    const enrollmentTokens = args.flag("usable") ? listed.filter(({ state }) => state === "usable") : listed;
    return {
      json: { enrollmentTokens },
      text: renderTable(enrollmentTokens, COLUMNS, terminalWidth(env.stdout)),
    };
  },
};
