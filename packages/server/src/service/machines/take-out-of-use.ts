import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import type { DomainError } from "../../domain/errors.ts";
import type { Machine } from "../../domain/machines/machine.ts";
import { endOpenActions } from "../actions/end-open-actions.ts";
import { wakeForFreeSlot } from "../actions/wake-for-free-slot.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";
import { machineInScope } from "../machine-scope.ts";

export interface TakingOutOfUse {
  operation: "QuarantineMachine" | "RetireMachine";
  /** Follows "The machine was" in the errors of the actions that it ends. */
  participle: string;
  reason: string;
  isDone(machine: Machine): boolean;
  change(nowMs: number): Partial<Machine>;
  /** What a repetition with another reason changes; null for nothing. */
  repeated?(machine: Machine): Partial<Machine> | null;
}

/**
 * One transaction marks the machine, so that its key is refused from then on, and ends its open
 * actions. Its connection epoch is incremented, so that later reports on an open connection are
 * refused. The wake-up makes the node that holds the connection close it. Repeating the request
 * changes nothing but what `repeated` says.
 */
export async function takeOutOfUse(
  context: ServiceContext,
  caller: Caller,
  machineId: string,
  { operation, participle, reason, isDone, change, repeated }: TakingOutOfUse,
): Promise<Result<Machine, DomainError>> {
  const { store, clock, bus } = context;
  const outcome = await store.write(async (tx): Promise<Result<Machine, DomainError>> => {
    const machine = await machineInScope(tx, caller, machineId);
    if (!machine) return err({ code: "MachineNotFound", machineId });
    const nowMs = clock.nowMs();
    if (isDone(machine)) {
      const again = repeated?.(machine) ?? null;
      if (again === null) return ok(machine);
      const renewed: Machine = { ...machine, ...again };
      await tx.machines.save(machine, renewed);
      await auditChange(tx, caller, operation, nowMs, { reason, endedActionIds: [] }, machineId);
      return ok(renewed);
    }
    const changed: Machine = {
      ...machine,
      ...change(nowMs),
      linked: false,
      lastSeenMs: machine.linked ? nowMs : machine.lastSeenMs,
      connectionEpoch: machine.connectionEpoch + 1,
    };
    await tx.machines.save(machine, changed);
    const text = `The machine was ${participle} by ${caller.name}: ${reason}`;
    const endedActionIds = await endOpenActions(tx, caller, machineId, text, nowMs);
    await auditChange(tx, caller, operation, nowMs, { reason, endedActionIds }, machineId);
    return ok(changed);
  });
  if (outcome.ok) {
    bus.wakeMachine(machineId);
    await wakeForFreeSlot(context);
  }
  return outcome;
}
