import type { ActionResultsWire } from "@halligan/protocol/api";
import { type Column, renderTable } from "./text/table.ts";
import { formatBytes } from "./text/units.ts";

type Facts = ActionResultsWire["value"][number];

const COLUMNS: readonly Column<Facts>[] = [
  { title: "COMMAND", cell: ({ index, type }) => `${index} ${type}` },
  { title: "RESULT", cell: ({ fileName }) => fileName, mayShrink: true },
  { title: "SIZE", cell: ({ sizeBytes, isAvailable }) => (isAvailable ? formatBytes(sizeBytes) : "removed") },
  { title: "SHA-256", cell: ({ sha256 }) => sha256 },
  { title: "CHANGED", cell: ({ fileChange }) => fileChange?.kinds.join(", ") ?? "" },
];

/** One result per line. The command's notes describe in detail how a file changed. */
export function renderResultFacts(results: readonly Facts[], width: number | null): string {
  return renderTable(results, COLUMNS, width);
}
