import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import { applyEvent } from "../../domain/actions/apply-event.ts";
import type { MachineAction } from "../../domain/actions/machine-action.ts";
import type { DomainError } from "../../domain/errors.ts";
import type { ServiceContext } from "../context.ts";
import { events } from "../events.ts";
import { actionInScope } from "../machine-scope.ts";
import { wakeForFreeSlot } from "./wake-for-free-slot.ts";

/**
 * `POST /api/machineactions/{id}/cancel`: final on the server at once; the connection tells the
 * device to end the process tree. For an action that is Cancelled or Failed already the response is
 * the action itself, because one client repeats the call until it sees that
 * (docs/contract/clients-in-the-wild.md#cancel). An action that Succeeded or timed out is refused.
 */
export async function cancelMachineAction(
  context: ServiceContext,
  caller: Caller,
  actionId: string,
  comment: string,
): Promise<Result<MachineAction, DomainError>> {
  const { store, clock, bus } = context;
  const outcome = await store.write(async (tx): Promise<Result<MachineAction, DomainError>> => {
    const action = await actionInScope(tx, caller, actionId);
    if (!action) return err({ code: "MachineActionNotFound", actionId });
    if (action.status === "Cancelled" || action.status === "Failed") return ok(action);
    const nowMs = clock.nowMs();
    const transition = applyEvent(action, { type: "cancelled", requestor: caller.name, comment }, nowMs);
    if (transition.kind !== "changed") return err({ code: "CancelRefused", actionId, status: action.status });
    const saved = await tx.actions.save(action, transition.action);
    await events.cancelled(tx, caller, saved, nowMs);
    return ok(saved);
  });
  if (outcome.ok) {
    bus.wakeMachine(outcome.value.machineId);
    await wakeForFreeSlot(context);
  }
  return outcome;
}
