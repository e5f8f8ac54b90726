import { harmlessLine } from "./harmless.ts";

/** Names and values, a fact a line, the values under each other. */
export function renderFacts(facts: readonly (readonly [name: string, value: string | null])[]): string {
  const width = Math.max(...facts.map(([name]) => name.length)) + 2;
  return facts.map(([name, value]) => `${name.padEnd(width)}${harmlessLine(value ?? "-")}\n`).join("");
}
