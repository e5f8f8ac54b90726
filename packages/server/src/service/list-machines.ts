import type { Caller } from "../auth/caller.ts";
import type { Machine } from "../domain/machine.ts";
import type { ListQuery } from "../domain/odata/query.ts";
import type { ServiceContext } from "./context.ts";
import type { Listed } from "./list-machine-actions.ts";
import { reachOf } from "./reach.ts";

/** `GET /api/machines`, `GET /api/machines/findbytag` */
export function listMachines(
  { store, limits }: ServiceContext,
  caller: Caller,
  query: ListQuery,
): Promise<Listed<Machine>> {
  return store.read(async (tx) => {
    const reach = await reachOf(tx, caller);
    const page = await tx.machines.list(query, reach, limits.healthGraceMs);
    return { ...page, count: query.count ? await tx.machines.count(query, reach, limits.healthGraceMs) : null };
  });
}
