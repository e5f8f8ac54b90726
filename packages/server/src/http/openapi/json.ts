import type { Json, JsonObject } from "../edge/operation-doc.ts";

export type { Json, JsonObject };

const LINE_WIDTH = 120;

/**
 * JSON as the repository's formatter leaves it: two spaces, one property a line, lists on one line
 * where they fit. Written by ourselves, so that the committed document is the same to the byte
 * wherever it is made.
 */
export const jsonText = (value: Json): string => `${printed(value, 0, 0)}\n`;

/** `usedColumns`: what stands before the value on its line; a comma may follow it. */
function printed(value: Json, depth: number, usedColumns: number): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (isList(value)) return printedList(value, depth, usedColumns);
  const indent = "  ".repeat(depth + 1);
  const lines = Object.entries(value).map(([name, part]) => {
    const key = `${indent}${JSON.stringify(name)}: `;
    return `${key}${printed(part, depth + 1, key.length)}`;
  });
  return lines.length === 0 ? "{}" : `{\n${lines.join(",\n")}\n${"  ".repeat(depth)}}`;
}

function printedList(list: readonly Json[], depth: number, usedColumns: number): string {
  const indent = "  ".repeat(depth + 1);
  const items = list.map((item) => printed(item, depth + 1, indent.length));
  const line = `[${items.join(", ")}]`;
  const isShort = !line.includes("\n") && usedColumns + line.length < LINE_WIDTH;
  return isShort ? line : `[\n${indent}${items.join(`,\n${indent}`)}\n${"  ".repeat(depth)}]`;
}

const isList = (value: readonly Json[] | JsonObject): value is readonly Json[] => Array.isArray(value);
