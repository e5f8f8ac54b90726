import { boundEndsMs } from "../../domain/actions/action-bound.ts";
import { applyEvent } from "../../domain/actions/apply-event.ts";
import type { MachineAction, MachineActionEvent } from "../../domain/actions/machine-action.ts";
import type { StoreTx } from "../../store/store.ts";
import { SERVER } from "../actor.ts";
import type { ServiceContext } from "../context.ts";
import { events } from "../events.ts";
import { wakeForFreeSlot } from "./wake-for-free-slot.ts";

/** Actions examined in one run. More overdue actions wait for a later run. */
const BATCH = 10_000;
/**
 * Deadlines are of the wall clock, which may jump. An action ends only if it is still overdue after
 * this long by the monotonic clock of this process. A jump that is corrected in this time ends
 * nothing, and a device that reconnects after a restart of the server has time to report.
 */
export const OVERDUE_FOR_MS = 60_000;

/**
 * Since when, by the monotonic clock, this process has seen each deadline as passed. Has the
 * lifetime of the loop that uses it.
 */
export type OverdueSince = Map<string, { deadlineMs: number; sinceMs: number }>;

/**
 * Ends the actions whose stored deadline or bound has passed; returns how many. Wakes the
 * connection, because the order may be out.
 */
export async function expireActions(context: ServiceContext, overdueSince: OverdueSince): Promise<number> {
  const { store, clock } = context;
  const nowMs = clock.nowMs();
  const overdue = await store.read((tx) => tx.actions.overdue(nowMs, BATCH));
  const due = rememberOverdue(overdue, overdueSince, nowMs, clock.monotonicMs());
  let expired = 0;
  for (const { id } of due) {
    if (await expire(context, id)) expired += 1;
    overdueSince.delete(id);
  }
  if (expired > 0) await wakeForFreeSlot(context);
  return expired;
}

/** Removes what is no longer overdue. Returns what has been overdue for long enough. */
function rememberOverdue(
  overdue: readonly MachineAction[],
  overdueSince: OverdueSince,
  nowMs: number,
  monotonicMs: number,
): MachineAction[] {
  const before = new Map(overdueSince);
  overdueSince.clear();
  return overdue.filter((action) => {
    const { id } = action;
    const deadlineMs = passedMs(action, nowMs);
    if (deadlineMs === null) return false;
    const known = before.get(id);
    // A new deadline starts a new wait.
    const sinceMs = known?.deadlineMs === deadlineMs ? known.sinceMs : monotonicMs;
    overdueSince.set(id, { deadlineMs, sinceMs });
    return monotonicMs - sinceMs >= OVERDUE_FOR_MS;
  });
}

/** The bound is checked first, because it holds whether or not the device is connected. */
function passedMs({ bound, deadlineMs }: MachineAction, nowMs: number): number | null {
  const endsMs = bound && boundEndsMs(bound);
  if (endsMs !== null && endsMs <= nowMs) return endsMs;
  return deadlineMs !== null && deadlineMs <= nowMs ? deadlineMs : null;
}

async function expire({ store, clock, bus, log }: ServiceContext, actionId: string): Promise<boolean> {
  const expired = await store.write(async (tx) => {
    // Read again inside the transaction, because the device may have reconnected since.
    const action = await tx.actions.byId(actionId);
    const nowMs = clock.nowMs();
    const event = action && (await passedEvent(tx, action, nowMs));
    if (!event) return null;
    const transition = applyEvent(action, event, nowMs);
    if (transition.kind !== "changed") return null;
    const saved = await tx.actions.save(action, transition.action);
    await events.ended(tx, SERVER, saved, nowMs);
    return saved;
  });
  if (!expired) return false;
  log.info({ actionId: expired.id, machineId: expired.machineId }, "action timed out");
  bus.wakeMachine(expired.machineId);
  return true;
}

async function passedEvent(tx: StoreTx, action: MachineAction, nowMs: number): Promise<MachineActionEvent | null> {
  const { bound, deadlineMs } = action;
  if (bound && boundEndsMs(bound) <= nowMs) return { type: "overran", reason: OVERRAN };
  if (deadlineMs === null || deadlineMs > nowMs || (await isBack(tx, action))) return null;
  return { type: "expired" };
}

const OVERRAN =
  "The device did not end this command within the time that the action may take: the limits of its commands and a grace. " +
  "What the device reports after this is not recorded";

/**
 * The deadline of a running action is the one for a lost device. A connected device is not lost;
 * its hello clears the deadline.
 */
async function isBack(tx: StoreTx, action: MachineAction): Promise<boolean> {
  if (action.status !== "InProgress") return false;
  const machine = await tx.machines.byId(action.machineId);
  return machine?.linked === true;
}
