import type { Filter, Operand, Value } from "../../odata/filter.ts";

/**
 * Rewrites `a eq 'x' or a eq 'y' or a in ('z')` to `a in ('x','y','z')`, which needs one index scan
 * instead of a hundred conditions.
 */
export function joinEqualities(filter: Filter): Filter {
  if (filter.kind === "not") return { ...filter, operand: joinEqualities(filter.operand) };
  if (filter.kind === "any") return filter.where ? { ...filter, where: joinEqualities(filter.where) } : filter;
  if (filter.kind === "and") return { ...filter, operands: filter.operands.map(joinEqualities) };
  if (filter.kind !== "or") return filter;
  const lists = new Map<string, { operand: Operand; values: Exclude<Value, null>[] }>();
  const others: Filter[] = [];
  for (const operand of filter.operands.map(joinEqualities)) {
    const equality = equalityOf(operand);
    if (!equality) {
      others.push(operand);
      continue;
    }
    const key = `${equality.operand.field} ${equality.operand.fold}`;
    const list = lists.get(key) ?? { operand: equality.operand, values: [] };
    list.values.push(...equality.values);
    lists.set(key, list);
  }
  const joined = [...lists.values()].map(({ operand, values }): Filter => ({ kind: "in", operand, values }));
  const operands = [...joined, ...others];
  const [only] = operands;
  return only && operands.length === 1 ? only : { kind: "or", operands };
}

/** The field and values of an `eq` or `in`; undefined for every other condition. */
export function equalityOf(filter: Filter): { operand: Operand; values: readonly Exclude<Value, null>[] } | undefined {
  if (filter.kind === "in") return filter;
  if (filter.kind !== "compare" || filter.operator !== "eq" || filter.value === null) return undefined;
  return { operand: filter.operand, values: [filter.value] };
}
