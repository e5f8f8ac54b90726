import type { Figure } from "./figure.ts";

const HEAD = ["bench", "figure", "value", "unit", "floor", "ratio", "goal", "met"] as const;
const RIGHT: ReadonlySet<string> = new Set(["value", "floor", "ratio"]);

/**
 * The table for people, in Markdown, so that it can be copied to docs/performance.md without
 * changes.
 */
export function tableOf(figures: readonly Figure[]): string {
  const rows = figures.map((figure) => HEAD.map((name) => cellOf(figure, name)));
  const widths = HEAD.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => padded(cell, widths[column] ?? 0, HEAD[column] ?? "")).join(" | ")} |`;
  const rule = HEAD.map((name, column) => {
    const dashes = "-".repeat(Math.max(3, widths[column] ?? 0));
    return RIGHT.has(name) ? `${dashes.slice(1)}:` : dashes;
  });
  return [line(HEAD), line(rule), ...rows.map(line)].join("\n");
}

export const jsonLineOf = (figure: Figure): string => JSON.stringify(figure);

function cellOf(figure: Figure, name: (typeof HEAD)[number]): string {
  const value = figure[name];
  if (value === null) return "";
  if (typeof value === "boolean") return value ? "yes" : "NO";
  return String(value);
}

const padded = (cell: string, width: number, name: string): string =>
  RIGHT.has(name) ? cell.padStart(width) : cell.padEnd(width);
