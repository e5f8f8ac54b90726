import { type Column, renderTable } from "../render/text/table.ts";
import type { Verified } from "./verify-evidence.ts";

const COLUMNS: readonly Column<Verified>[] = [
  { title: "COMMAND", cell: ({ index, type }) => `${index} ${type}` },
  { title: "SIGNED", cell: ({ isVerified }) => (isVerified ? "verified" : "NOT VERIFIED") },
  { title: "SHA-256", cell: ({ sha256 }) => sha256 ?? "" },
  { title: "PROBLEM", cell: ({ problem }) => problem ?? "", mayShrink: true },
];

/** A command a line. */
export function renderVerification(verified: readonly Verified[], width: number | null): string {
  return renderTable(verified, COLUMNS, width);
}
