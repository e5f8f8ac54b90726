import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import type { DomainError } from "../../domain/errors.ts";
import { type Machine, machineName } from "../../domain/machines/machine.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";
import { machineInScope } from "../machine-scope.ts";

/**
 * `PUT /halligan/v1/machines/{id}/name`: the name under which the API shows and finds the machine
 * from then on. Null restores the device's own name. Actions keep the name that the machine had
 * when they were accepted.
 */
export async function renameMachine(
  { store, clock }: ServiceContext,
  caller: Caller,
  machineId: string,
  displayName: string | null,
): Promise<Result<Machine, DomainError>> {
  return store.write(async (tx): Promise<Result<Machine, DomainError>> => {
    const machine = await machineInScope(tx, caller, machineId);
    if (!machine) return err({ code: "MachineNotFound", machineId });
    if (machine.displayName === displayName) return ok(machine);
    const renamed: Machine = { ...machine, displayName };
    await tx.machines.save(machine, renamed);
    const names = { from: machineName(machine), to: machineName(renamed) };
    await auditChange(tx, caller, "RenameMachine", clock.nowMs(), names, machineId);
    return ok(renamed);
  });
}
