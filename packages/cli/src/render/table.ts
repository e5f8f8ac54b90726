import { harmlessLine } from "./harmless.ts";

export interface Column<Row> {
  title: string;
  cell(row: Row): string | null;
  align?: "right";
  /** May be cut with an ellipsis where the terminal is too narrow. Columns to copy from (ids, names) are not. */
  mayShrink?: boolean;
}

const GAP = "  ";
const SMALLEST_SHRUNK = 8;

/** Aligned columns with a line of titles. `width`: the terminal's, or null for no limit. */
export function renderTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width: number | null): string {
  const lines = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ cell }) => harmlessLine(cell(row) ?? "-"))),
  ];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
  if (width !== null) shrink(widths, columns, width);
  return lines
    .map(
      (line) =>
        `${line
          .map((text, index) => fit(text, widths[index] ?? 0, columns[index]?.align))
          .join(GAP)
          .trimEnd()}\n`,
    )
    .join("");
}

function shrink<Row>(widths: number[], columns: readonly Column<Row>[], available: number): void {
  for (const [index, column] of columns.entries()) {
    const excess = widths.reduce((sum, one) => sum + one + GAP.length, -GAP.length) - available;
    if (excess <= 0) return;
    const own = widths[index] ?? 0;
    if (column.mayShrink) widths[index] = Math.max(Math.min(own, SMALLEST_SHRUNK), own - excess);
  }
}

function fit(text: string, width: number, align: "right" | undefined): string {
  const shown = text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text;
  return align === "right" ? shown.padStart(width) : shown.padEnd(width);
}
