import type { LibraryFileWire } from "@halligan/protocol/api";
import type { CommandDefinition } from "../../command.ts";
import { libraryFileJson } from "../../library/library-file-json.ts";
import { type Column, renderTable } from "../../render/text/table.ts";
import { terminalWidth } from "../../render/text/terminal-width.ts";
import { formatTime } from "../../render/text/units.ts";

const COLUMNS: readonly Column<LibraryFileWire>[] = [
  { title: "NAME", cell: ({ fileName }) => fileName, isName: true },
  { title: "UPDATED", cell: ({ lastUpdatedTime }) => formatTime(lastUpdatedTime) },
  { title: "BY", cell: ({ createdBy }) => createdBy, mayShrink: true },
  { title: "SHA-256", cell: ({ sha256 }) => sha256, mayShrink: true },
  { title: "PARAMETERS", cell: ({ parametersDescription }) => parametersDescription, mayShrink: true },
  { title: "DESCRIPTION", cell: ({ description }) => description, mayShrink: true },
];

export const libraryList: CommandDefinition = {
  usage: "",
  options: {},
  positionals: { min: 0, max: 0 },
  examples: ["halligan library list"],
  jsonShape: "{files: [the API's library files]}",
  async run({ connect, env, signal }) {
    const client = await connect();
    const files = await client.listLibraryFiles({ signal });
    return {
      json: { files: files.map(libraryFileJson) },
      text: renderTable(files, COLUMNS, terminalWidth(env.stdout)),
    };
  },
};
