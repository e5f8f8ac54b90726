import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import type { DomainError } from "../../domain/errors.ts";
import { afterRelease } from "../../domain/machines/clone-detection.ts";
import type { Machine } from "../../domain/machines/machine.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";
import { machineInScope } from "../machine-scope.ts";
import { takeOutOfUse } from "./take-out-of-use.ts";

/**
 * `POST /halligan/v1/machines/{id}/quarantine`: an operator does not trust the device. A repeated
 * request with another reason replaces the reason of the machine; the audit has both. A quarantine
 * by the server has no reason of an operator and gets none, because its release resets continuity.
 */
export function quarantineByHand(
  context: ServiceContext,
  caller: Caller,
  machineId: string,
  reason: string,
): Promise<Result<Machine, DomainError>> {
  return takeOutOfUse(context, caller, machineId, {
    operation: "QuarantineMachine",
    participle: "put in quarantine",
    reason,
    isDone: ({ quarantined }) => quarantined,
    repeated: ({ quarantineReason }) =>
      quarantineReason === null || quarantineReason === reason ? null : { quarantineReason: reason },
    change: () => ({ quarantined: true, quarantineReason: reason }),
  });
}

/**
 * `POST /halligan/v1/machines/{id}/release`: the device may connect again. If two devices have one
 * key, the first one to connect is the machine from then on; the other one puts the machine back in
 * quarantine. Actions that the quarantine ended stay ended. Repeating the request changes nothing.
 */
export function releaseMachine(
  { store, clock }: ServiceContext,
  caller: Caller,
  machineId: string,
): Promise<Result<Machine, DomainError>> {
  return store.write(async (tx): Promise<Result<Machine, DomainError>> => {
    const machine = await machineInScope(tx, caller, machineId);
    if (!machine) return err({ code: "MachineNotFound", machineId });
    if (!machine.quarantined) return ok(machine);
    const wasByHand = machine.quarantineReason !== null;
    const released: Machine = {
      ...machine,
      quarantined: false,
      quarantineReason: null,
      continuity: wasByHand ? machine.continuity : afterRelease(machine.continuity),
    };
    await tx.machines.save(machine, released);
    const detail = { wasByHand, reason: machine.quarantineReason };
    await auditChange(tx, caller, "ReleaseMachine", clock.nowMs(), detail, machineId);
    return ok(released);
  });
}
