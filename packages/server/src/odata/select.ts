import { ok } from "@halligan/protocol/errors";
import type { Entity } from "./fields.ts";
import { type ODataResult, quoted, refuseQuery } from "./odata-error.ts";

/**
 * `$select`: top-level properties in any letter case. Null, which means all, for `*` or without
 * `$select`.
 */
export function parseSelect(text: string, entity: Entity): ODataResult<ReadonlySet<string> | null> {
  const names = new Set<string>();
  let all = false;
  for (const part of text.split(",")) {
    const written = part.trim();
    const name = entity.properties.get(written.toLowerCase());
    if (written === "*") all = true;
    else if (name === undefined)
      return refuseQuery(`$select: ${quoted(written)} is not a top-level property of ${entity.title}`);
    else names.add(name);
  }
  return ok(all ? null : names);
}

/** The wire form with only the selected properties, in its own sequence. */
export function selectProperties<T extends object>(wire: T, select: ReadonlySet<string> | null): Partial<T> {
  if (select === null) return wire;
  const chosen: Partial<T> = { ...wire };
  for (const name of Object.keys(chosen)) if (!select.has(name)) Reflect.deleteProperty(chosen, name);
  return chosen;
}
