import type { ActionResultsWire } from "@halligan/protocol/api";
import { type Column, renderTable } from "./text/table.ts";
import { formatBytes } from "./text/units.ts";

type Facts = ActionResultsWire["value"][number];

const COLUMNS: readonly Column<Facts>[] = [
  { title: "COMMAND", cell: ({ index, type }) => `${index} ${type}` },
  { title: "RESULT", cell: ({ fileName }) => fileName, mayShrink: true },
  { title: "SIZE", cell: ({ sizeBytes, isAvailable }) => (isAvailable ? formatBytes(sizeBytes) : "removed") },
  { title: "SHA-256", cell: ({ sha256 }) => sha256 },
];
const OUTPUT_COLUMNS: readonly Column<Facts>[] = [
  { title: "STDOUT", cell: ({ output }) => (output ? streamCell(output.stdout) : "") },
  { title: "STDERR", cell: ({ output }) => (output ? streamCell(output.stderr) : "") },
];
const CHANGED: Column<Facts> = { title: "CHANGED", cell: ({ fileChange }) => fileChange?.kinds.join(", ") ?? "" };

/** With what was written, if not all of it is kept. */
const streamCell = ({ keptBytes, writtenBytes, truncated }: NonNullable<Facts["output"]>["stdout"]): string =>
  truncated ? `${formatBytes(keptBytes)} of ${formatBytes(writtenBytes)}` : formatBytes(writtenBytes);

/** One result per line. The command's notes describe in detail how a file changed. */
export function renderResultFacts(results: readonly Facts[], width: number | null): string {
  const ofScripts = results.some(({ output }) => output !== undefined) ? OUTPUT_COLUMNS : [];
  return renderTable(results, [...COLUMNS, ...ofScripts, CHANGED], width);
}
