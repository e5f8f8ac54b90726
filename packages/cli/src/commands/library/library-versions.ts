import type { LibraryFileVersionListWire } from "@halligan/protocol/api";
import type { CommandDefinition } from "../../command.ts";
import { type Column, renderTable } from "../../render/text/table.ts";
import { terminalWidth } from "../../render/text/terminal-width.ts";
import { formatBytes, formatTime } from "../../render/text/units.ts";
import { positional } from "../shared-options.ts";

type Version = LibraryFileVersionListWire["value"][number];

const COLUMNS: readonly Column<Version>[] = [
  { title: "SHA-256", cell: ({ sha256 }) => sha256 },
  { title: "SIZE", cell: ({ sizeBytes }) => formatBytes(sizeBytes), align: "right" },
  { title: "UPLOADED", cell: ({ updatedAt }) => formatTime(updatedAt) },
  { title: "BY", cell: ({ updatedBy }) => updatedBy, mayShrink: true },
  { title: "UNTIL", cell: ({ endedAt }) => formatTime(endedAt) ?? "present" },
  { title: "DESCRIPTION", cell: ({ description }) => description, mayShrink: true },
];

export const libraryVersions: CommandDefinition = {
  usage: "NAME",
  details: [
    "Newest first, replaced and removed ones too. halligan library show NAME --sha256 HASH writes one of them out.",
  ],
  options: {},
  positionals: { min: 1, max: 1 },
  examples: ["halligan library versions triage.sh"],
  jsonShape: "{versions: [{fileName, sha256, sizeBytes, description, updatedBy, updatedAt, endedAt}]}",
  async run({ args, connect, env, signal }) {
    const client = await connect();
    const versions = await client.listLibraryFileVersions(positional(args, 0), { signal });
    return { json: { versions }, text: renderTable(versions, COLUMNS, terminalWidth(env.stdout)) };
  },
};
