import { isFinal, type MachineAction } from "../../../domain/actions/machine-action.ts";
import { type Waiting, type WaitingFacts, waitingReason } from "../../../domain/actions/progress/waiting-reason.ts";
import { firstScheduled, isScheduled, isScheduledLater } from "../../../domain/actions/scheduled-start.ts";
import { areSlotsLimited } from "../../../domain/actions/session-slots.ts";
import type { MachinePresence } from "../../../domain/machines/machine.ts";
import type { StoreTx } from "../../../store/store.ts";
import type { ServiceLimits } from "../../context.ts";

type WaitingLimits = Pick<ServiceLimits, "runningSessions" | "order">;

/** An action, and what it waits for by the same read; null when it is final. */
export interface ActionNow {
  readonly action: MachineAction;
  readonly waiting: Waiting | null;
}

/**
 * Adds what the action waits for. Reads only the facts that its state depends on: nothing for a
 * final action, one statement while its device is offline or it runs, two while it is sent, four
 * while it waits for a slot.
 */
export async function withWaiting(
  { clock, limits }: { readonly clock: { nowMs(): number }; readonly limits: WaitingLimits },
  tx: StoreTx,
  action: MachineAction,
  positionOf: PositionOf = (id) => tx.actions.positionForSlot(id),
): Promise<ActionNow> {
  if (isFinal(action.status)) return { action, waiting: null };
  const machine = await tx.machines.presenceOf(action.machineId);
  if (!machine) throw new Error(`action ${action.id} has no machine ${action.machineId}`);
  const nowMs = clock.nowMs();
  const facts = await factsOf(tx, action, machine, { slots: limits.runningSessions, positionOf }, nowMs);
  return { action, waiting: waitingReason(action, facts, limits.order, nowMs) };
}

async function factsOf(
  tx: StoreTx,
  action: MachineAction,
  machine: MachinePresence,
  { slots, positionOf }: { slots: number; positionOf: PositionOf },
  nowMs: number,
): Promise<WaitingFacts> {
  const hasStarted = action.commands.some(({ status }) => status !== "Created");
  if (!machine.linked || hasStarted || isScheduledLater(action, nowMs)) return { machine, previous: null, queue: null };
  const open = await tx.actions.openOf(action.machineId);
  const previous =
    open.find(({ status, order }) => isFinal(status) && order?.state === "out") ?? firstBefore(open, action);
  if (previous || isScheduled(action) || action.slot.held || !areSlotsLimited(slots))
    return { machine, previous, queue: null };
  const position = await positionOf(action.id);
  const freeSlots = slots - (await tx.actions.slotsInUse(nowMs));
  return { machine, previous, queue: { position, freeSlots } };
}

/** What a scheduled action that is due waits for. */
function firstBefore(open: readonly MachineAction[], action: MachineAction): MachineAction | null {
  if (!isScheduled(action)) return null;
  const first = open.find((one) => !isFinal(one.status) && !isScheduled(one)) ?? firstScheduled(open);
  return first && first.id !== action.id ? first : null;
}

/** The place of an action among those that wait for a slot, from 1. */
export type PositionOf = (actionId: string) => Promise<number>;

/** The statement of one place takes 15 ms behind 10,000 actions, as long as that of all of them. */
const PLACES_AT_ONCE = 10_000;

/** For several actions of one read: all places are read together, when the first one is needed. */
export function positionsTogether(tx: StoreTx): PositionOf {
  let positions: Map<string, number> | null = null;
  return async (actionId) => {
    positions ??= new Map((await tx.actions.waitingForSlot(PLACES_AT_ONCE)).map(({ id }, index) => [id, index + 1]));
    return positions.get(actionId) ?? (await tx.actions.positionForSlot(actionId));
  };
}
