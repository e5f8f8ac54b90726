import type { CancelledBy, Order } from "@halligan/protocol/link";
import type { BoundLimits } from "../../domain/actions/action-bound.ts";
import { claimedAction, withSlot } from "../../domain/actions/claim.ts";
import { libraryFileNameOf } from "../../domain/actions/command.ts";
import type { MachineAction } from "../../domain/actions/machine-action.ts";
import { cancelledBy, orderFor } from "../../domain/actions/order.ts";
import { isScheduled, released } from "../../domain/actions/scheduled-start.ts";
import { areSlotsLimited, mayAcquireSlot } from "../../domain/actions/session-slots.ts";
import { nextConnectionStep } from "../../domain/agents/connection-work.ts";
import type { Policy } from "../../domain/identity/policy.ts";
import type { MachineConnection } from "../../domain/machines/machine.ts";
import type { StoreTx } from "../../store/store.ts";
import type { ServiceContext } from "../context.ts";
import { events } from "../events.ts";
import { latePin } from "../library/library-pins.ts";
import type { ConnectionIdentity } from "./connection/connection-identity.ts";
import { QUARANTINE_WORDS } from "./quarantine-machine.ts";

export type NextForConnection =
  | { type: "order"; order: Order }
  | { type: "end"; actionId: string; orderSeq: number; cancelledBy?: CancelledBy }
  /** `scheduledMs`: when an action may be released; absent when that was not looked for. */
  | { type: "idle"; scheduledMs?: number | null }
  /** The machine has a newer connection, on this node or another one. */
  | { type: "stale" }
  | { type: "retired" }
  | { type: "quarantined"; detail: string };

/**
 * Decides what this connection sends next. An action is claimed here: it gets the machine's next
 * orderSeq and the connection's epoch. Library names that were unknown when it was accepted are
 * looked up once more, among the files of the caller who asked for the action. A claimed action
 * without a reported start is sent again under the same orderSeq.
 */
export async function nextForConnection(
  context: ServiceContext,
  connection: ConnectionIdentity,
): Promise<NextForConnection> {
  const { store, clock, limits, policy, measures } = context;
  const next = await store.write(async (tx): Promise<NextForConnection & { waitedMs?: number }> => {
    // Issued together to save a round trip. The machine is loaded first because its row is the
    // lock.
    const [machine, open] = await Promise.all([
      tx.machines.connectionOf(connection.machineId),
      tx.actions.openOf(connection.machineId),
    ]);
    if (machine?.isRetired) return { type: "retired" };
    // Before the epoch, which a quarantine raises: no newer connection was accepted.
    if (machine?.quarantined) {
      const by = machine.quarantineReason === null ? "byServer" : "byHand";
      return { type: "quarantined", detail: QUARANTINE_WORDS[by] };
    }
    if (machine?.connectionEpoch !== connection.connectionEpoch) return { type: "stale" };
    if (!machine.journalId) return { type: "idle" };
    const nowMs = clock.nowMs();
    const step = nextConnectionStep(open, nowMs);
    if (step.type === "idle") return step;
    if (step.type === "end") {
      const { id, order } = step.action;
      const by = cancelledBy(step.action);
      return { type: "end", actionId: id, orderSeq: order?.orderSeq ?? 0, ...(by && { cancelledBy: by }) };
    }
    // The job that ends it runs later. A caller who chose the time relies on it.
    if (step.type === "claim" && (step.action.deadlineMs ?? nowMs + 1) <= nowMs) return { type: "idle" };
    // Released also without a slot: it then waits for one in its turn.
    const action = isScheduled(step.action) ? await tx.actions.save(step.action, released(step.action)) : step.action;
    if (!(await holdsOrAcquiresSlot(tx, machine, action, limits.runningSessions, nowMs))) return { type: "idle" };
    const claimed =
      step.type === "claim"
        ? await claim(tx, policy, machine, machine.journalId, action, limits, nowMs)
        : await resend(tx, action, connection.connectionEpoch, limits, nowMs);
    const order = orderFor(claimed, limits.order, nowMs + limits.orderAcceptanceMs);
    return { type: "order", order, ...(step.type === "claim" && { waitedMs: nowMs - claimed.createdAtMs }) };
  });
  if (next.waitedMs !== undefined) measures.orderClaimed(next.waitedMs);
  return next;
}

async function claim(
  tx: StoreTx,
  policy: Policy,
  machine: MachineConnection,
  journalId: string,
  action: MachineAction,
  limits: BoundLimits,
  nowMs: number,
): Promise<MachineAction> {
  const orderSeq = machine.lastOrderSeq + 1;
  await tx.machines.saveLastOrderSeq(machine.id, orderSeq);
  const withPins = { ...action, commands: await resolvePins(tx, policy, action) };
  const at = { orderSeq, journalId, connectionEpoch: machine.connectionEpoch };
  const saved = await tx.actions.save(action, claimedAction(withPins, at, limits, nowMs));
  await events.orderClaimed(tx, saved, nowMs);
  return saved;
}

/** A session that was requested while its machine was offline waits for a slot, oldest first. */
async function holdsOrAcquiresSlot(
  tx: StoreTx,
  machine: MachineConnection,
  action: MachineAction,
  slots: number,
  nowMs: number,
): Promise<boolean> {
  if (action.slot.held) return true;
  if (!areSlotsLimited(slots)) return machine.linked;
  const taken = await tx.actions.lockSlotsInUse(slots, nowMs);
  if (taken >= slots) return false;
  const waiting = await tx.actions.waitingForSlot(slots - taken);
  return mayAcquireSlot(
    action.id,
    waiting.map(({ id }) => id),
    taken,
    slots,
  );
}

async function resend(
  tx: StoreTx,
  action: MachineAction,
  connectionEpoch: number,
  limits: BoundLimits,
  nowMs: number,
): Promise<MachineAction> {
  if (!action.order) return action;
  if (action.order.connectionEpoch === connectionEpoch && action.slot.held) return action;
  return tx.actions.save(action, {
    ...action,
    ...withSlot(action, limits, nowMs),
    order: { ...action.order, connectionEpoch },
  });
}

async function resolvePins(tx: StoreTx, policy: Policy, action: MachineAction): Promise<MachineAction["commands"]> {
  const resolved: MachineAction["commands"][number][] = [];
  for (const command of action.commands) {
    const name = command.pin ? null : libraryFileNameOf(command);
    resolved.push(name === null ? command : { ...command, pin: await latePin(tx, policy, action, name) });
  }
  return resolved;
}
