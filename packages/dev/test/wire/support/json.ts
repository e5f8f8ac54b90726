import assert from "node:assert/strict";

/** The value at a path of whatever JSON a server answered; undefined where there is nothing. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found: unknown = value;
  for (const step of path) {
    if (typeof found !== "object" || found === null) return undefined;
    const entries: readonly [string, unknown][] = Object.entries(found);
    found = entries.find(([name]) => name === String(step))?.[1];
  }
  return found;
}

export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  assert.ok(typeof found === "string", `${path.join(".")} is not a string in ${shown(value)}`);
  return found;
}

export function numberAt(value: unknown, ...path: readonly (string | number)[]): number {
  const found = at(value, ...path);
  assert.ok(typeof found === "number", `${path.join(".")} is not a number in ${shown(value)}`);
  return found;
}

export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path);
  assert.ok(Array.isArray(found), `${path.join(".")} is not an array in ${shown(value)}`);
  return found;
}

export const keysOf = (value: unknown): readonly string[] =>
  typeof value === "object" && value !== null ? Object.keys(value) : [];

export const shown = (value: unknown): string => JSON.stringify(value)?.slice(0, 2_000) ?? "nothing";
