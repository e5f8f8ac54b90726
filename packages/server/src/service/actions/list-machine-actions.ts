import type { Caller } from "../../auth/caller.ts";
import type { ListedAction } from "../../domain/actions/machine-action.ts";
import type { Position } from "../../odata/cursor.ts";
import type { ListQuery } from "../../odata/query.ts";
import type { ServiceContext } from "../context.ts";
import { scopeOf } from "../machine-scope.ts";

/** A page of a list. `count` is present only when requested, `next` only when there are more. */
export interface Listed<T> {
  rows: readonly T[];
  next: Position | null;
  count: number | null;
}

/** `GET /api/machineactions` */
export function listMachineActions(
  { store }: ServiceContext,
  caller: Caller,
  query: ListQuery,
): Promise<Listed<ListedAction>> {
  return store.read(async (tx) => {
    const scope = await scopeOf(tx, caller);
    const page = await tx.actions.list(query, scope);
    return { ...page, count: query.count ? await tx.actions.count(query.filter, scope) : null };
  });
}
