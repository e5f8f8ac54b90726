import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import type { DomainError } from "../../domain/errors.ts";
import { type Machine, machineName } from "../../domain/machines/machine.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";
import { machineInScope } from "../machine-scope.ts";
import { takeOutOfUse } from "./take-out-of-use.ts";

/** `POST /halligan/v1/machines/{id}/retire` */
export function retireMachine(
  context: ServiceContext,
  caller: Caller,
  machineId: string,
  reason: string,
): Promise<Result<Machine, DomainError>> {
  return takeOutOfUse(context, caller, machineId, {
    operation: "RetireMachine",
    participle: "retired",
    reason,
    isDone: ({ retirement }) => retirement !== null,
    change: (atMs) => ({ retirement: { atMs, by: caller.name, reason } }),
  });
}

/**
 * `POST /halligan/v1/machines/{id}/reinstate`: undoes a retirement. The device's key is accepted
 * again, and a running agent reconnects by itself. Actions that the retirement ended stay ended.
 * Repeating the request changes nothing.
 */
export async function reinstateMachine(
  { store, clock }: ServiceContext,
  caller: Caller,
  machineId: string,
): Promise<Result<Machine, DomainError>> {
  return store.write(async (tx): Promise<Result<Machine, DomainError>> => {
    const machine = await machineInScope(tx, caller, machineId);
    if (!machine) return err({ code: "MachineNotFound", machineId });
    if (!machine.retirement) return ok(machine);
    const reinstated: Machine = { ...machine, retirement: null };
    await tx.machines.save(machine, reinstated);
    const { reason, by } = machine.retirement;
    await auditChange(tx, caller, "ReinstateMachine", clock.nowMs(), { retiredBy: by, reason }, machineId);
    return ok(reinstated);
  });
}

/**
 * `DELETE /halligan/v1/machines/{id}`: no list and no search shows the machine any more. Its row
 * stays, because its actions and audit records refer to it and its device group decides who reads
 * them. Its key stays too, and is still refused.
 */
export async function deleteMachine(
  { store, clock }: ServiceContext,
  caller: Caller,
  machineId: string,
): Promise<Result<null, DomainError>> {
  return store.write(async (tx): Promise<Result<null, DomainError>> => {
    const machine = await machineInScope(tx, caller, machineId);
    if (!machine) return err({ code: "MachineNotFound", machineId });
    if (!machine.retirement) return err({ code: "MachineNotRetired", machineId });
    const nowMs = clock.nowMs();
    await tx.machines.save(machine, { ...machine, removedAtMs: nowMs });
    // No list shows the row any more, so the record contains both names for readers who search for
    // the machine.
    const names = { computerDnsName: machineName(machine), deviceName: machine.facts.computerDnsName };
    await auditChange(tx, caller, "DeleteMachine", nowMs, names, machineId);
    return ok(null);
  });
}
