import type { Caller } from "../../auth/caller.ts";
import type { Machine, MachineLife } from "../../domain/machines/machine.ts";
import type { ListQuery } from "../../odata/query.ts";
import type { Listed } from "../actions/list-machine-actions.ts";
import type { ServiceContext } from "../context.ts";
import { scopeOf } from "../machine-scope.ts";

export interface MachineChoice {
  life: MachineLife;
  enrollmentTokenId: string | null;
}

/**
 * The contract's own lists show only machines in use. A client that runs something on every listed
 * machine must not see a retired one.
 */
const IN_USE: MachineChoice = { life: "inUse", enrollmentTokenId: null };

/** `GET /api/machines`, `GET /api/machines/findbytag`, `GET /halligan/v1/machines` */
export function listMachines(
  { store, limits }: ServiceContext,
  caller: Caller,
  query: ListQuery,
  choice: MachineChoice = IN_USE,
): Promise<Listed<Machine>> {
  return store.read(async (tx) => {
    const selection = { ...choice, scope: await scopeOf(tx, caller) };
    const page = await tx.machines.list(query, selection, limits.healthGraceMs);
    return { ...page, count: query.count ? await tx.machines.count(query, selection, limits.healthGraceMs) : null };
  });
}
