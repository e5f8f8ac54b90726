import type { Caller } from "../../auth/caller.ts";
import type { ListedAction } from "../../domain/actions/machine-action.ts";
import { isFinal } from "../../domain/actions/machine-action.ts";
import type { Waiting } from "../../domain/actions/progress/waiting-reason.ts";
import type { Position } from "../../odata/cursor.ts";
import type { ListQuery } from "../../odata/query.ts";
import type { ServiceContext } from "../context.ts";
import { scopeOf } from "../machine-scope.ts";
import { positionsTogether, withWaiting } from "./watch/read-waiting.ts";

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

/** Each unfinished action of a page takes up to five statements more. */
const MAX_ACTIONS_NOW = 100;

interface ListedActionNow {
  readonly action: ListedAction;
  readonly waiting: Waiting | null;
}

/** `GET /halligan/v1/actions`: pages of at most 100, with what each action waits for. */
export function listActionsNow(
  context: ServiceContext,
  caller: Caller,
  query: ListQuery,
): Promise<Listed<ListedActionNow>> {
  return context.store.read(async (tx) => {
    const scope = await scopeOf(tx, caller);
    const page = await tx.actions.list({ ...query, pageSize: Math.min(query.pageSize, MAX_ACTIONS_NOW) }, scope);
    const rows: ListedActionNow[] = [];
    const positionOf = positionsTogether(tx);
    for (const listed of page.rows) {
      const action = isFinal(listed.status) ? undefined : await tx.actions.byId(listed.id);
      rows.push(action ? await withWaiting(context, tx, action, positionOf) : { action: listed, waiting: null });
    }
    return { ...page, rows, count: query.count ? await tx.actions.count(query.filter, scope) : null };
  });
}
