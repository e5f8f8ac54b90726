import { type AliasedExpression, sql } from "kysely";
import type { Value } from "../../odata/filter.ts";
import type { OrderKey } from "./order-expression.ts";

const alias = (index: number): string => `order_key_${index}`;

/** The order's keys as columns of their own: a row's place may be computed, and the next page needs it. */
export function selectedOrder(keys: readonly (OrderKey | undefined)[]): AliasedExpression<Value, string>[] {
  return keys.flatMap((key, index) => (key ? [sql<Value>`${key.value}`.as(alias(index))] : []));
}

/** Those columns of a row; null for a key that orders nothing. */
export function orderValues(row: object, keys: readonly (OrderKey | undefined)[]): readonly Value[] {
  const columns = new Map<string, unknown>(Object.entries(row));
  return keys.map((_, index) => {
    const value = columns.get(alias(index));
    return typeof value === "string" || typeof value === "number" ? value : null;
  });
}
