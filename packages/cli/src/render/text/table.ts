import { harmlessLine } from "./harmless.ts";
import { cutToWidth, padToWidth, textWidth } from "./text-width.ts";

export interface Column<Row> {
  title: string;
  cell(row: Row): string | null;
  align?: "right";
  /**
   * May be cut with an ellipsis where the terminal is too narrow. Ids, from which people copy, are
   * never cut.
   */
  mayShrink?: boolean;
  /** Is cut only where cutting the others was not enough, as a name is what people look for. */
  isName?: boolean;
}

const GAP = "  ";
const SMALLEST_SHRUNK = 8;
const SMALLEST_NAME = 20;

/** Aligned columns with a line of titles. `width`: the terminal's, or null for no limit. */
export function renderTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], width: number | null): string {
  const lines = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ cell }) => harmlessLine(cell(row) ?? "-"))),
  ];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => textWidth(line[index] ?? ""))));
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
  for (const [isChosen, smallest] of [
    [(column: Column<Row>) => column.mayShrink === true, SMALLEST_SHRUNK],
    [(column: Column<Row>) => column.isName === true, SMALLEST_NAME],
  ] as const) {
    for (const [index, column] of columns.entries()) {
      const excess = widths.reduce((sum, one) => sum + one + GAP.length, -GAP.length) - available;
      if (excess <= 0) return;
      const own = widths[index] ?? 0;
      if (isChosen(column)) widths[index] = Math.max(Math.min(own, smallest), own - excess);
    }
  }
}

function fit(text: string, width: number, align: "right" | undefined): string {
  return padToWidth(cutToWidth(text, width), width, align);
}
