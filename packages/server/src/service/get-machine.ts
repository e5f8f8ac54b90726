import type { Caller } from "../auth/caller.ts";
import { reaches } from "../domain/device-group.ts";
import type { DomainError } from "../domain/errors.ts";
import type { Machine } from "../domain/machine.ts";
import { ok, type Result, refuse } from "../domain/result.ts";
import type { ServiceContext } from "./context.ts";
import { reachOf } from "./reach.ts";

/** `GET /api/machines/{id}`: an id, or a computer name that only one machine within reach bears. */
export async function getMachine(
  { store }: ServiceContext,
  caller: Caller,
  idOrName: string,
): Promise<Result<Machine, DomainError>> {
  return store.read(async (tx) => {
    const reach = await reachOf(tx, caller);
    const byId = await tx.machines.byId(idOrName.toLowerCase());
    const found = byId ? [byId] : await tx.machines.byName(idOrName);
    const within = found.filter(({ groupId }) => reaches(reach, groupId));
    const [machine] = within;
    if (!machine) return refuse({ code: "MachineNotFound", machineId: idOrName });
    if (within.length > 1) {
      return refuse({ code: "MachineNameAmbiguous", name: idOrName, machineIds: within.map(({ id }) => id) });
    }
    return ok(machine);
  });
}
