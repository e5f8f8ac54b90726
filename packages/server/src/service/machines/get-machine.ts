import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import type { DomainError } from "../../domain/errors.ts";
import { isInScope } from "../../domain/machines/device-group.ts";
import type { Machine } from "../../domain/machines/machine.ts";
import type { StoreTx } from "../../store/store.ts";
import type { ServiceContext } from "../context.ts";
import { scopeOf } from "../machine-scope.ts";

/**
 * `GET /api/machines/{id}`: an id, or a computer name that only one machine in the caller's scope
 * has.
 */
export async function getMachine(
  { store }: ServiceContext,
  caller: Caller,
  idOrName: string,
): Promise<Result<Machine, DomainError>> {
  return store.read((tx) => machineByIdOrName(tx, caller, idOrName));
}

/**
 * Retired machines do not make a name ambiguous, because a device that is enrolled again has the
 * name of its predecessor. If every machine of that name is retired, the name still finds it.
 */
export async function machineByIdOrName(
  tx: StoreTx,
  caller: Caller,
  idOrName: string,
): Promise<Result<Machine, DomainError>> {
  const scope = await scopeOf(tx, caller);
  const byId = await tx.machines.byId(idOrName.toLowerCase());
  const found = byId ? [byId] : await tx.machines.byName(idOrName);
  const within = found.filter(({ groupId, removedAtMs }) => removedAtMs === null && isInScope(scope, groupId));
  const inUse = within.filter(({ retirement }) => retirement === null);
  const meant = inUse.length > 0 ? inUse : within;
  const [machine] = meant;
  if (!machine) return err({ code: "MachineNotFound", machineId: idOrName });
  if (meant.length > 1) {
    return err({ code: "MachineNameAmbiguous", name: idOrName, machineIds: meant.map(({ id }) => id) });
  }
  return ok(machine);
}
