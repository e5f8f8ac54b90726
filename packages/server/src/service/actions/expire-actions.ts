import { boundEndsMs } from "../../domain/actions/action-bound.ts";
import { applyEvent, type MachineAction, type MachineActionEvent } from "../../domain/actions/machine-action.ts";
import type { StoreTx } from "../../store/store.ts";
import { SERVER } from "../actor.ts";
import type { ServiceContext } from "../context.ts";
import { events } from "../events.ts";
import { wakeForFreePlace } from "./wake-for-free-place.ts";

/** Looked at in one run: more than this many overdue at once wait for a later run. */
const BATCH = 10_000;
/**
 * A deadline is of the wall clock, which may jump. It fires only when the action is still overdue after this long by the process's own
 * monotonic clock: a jump that is mended meanwhile ends nothing, and a device that comes back with the server has time to say so.
 */
export const OVERDUE_FOR_MS = 60_000;

/** Since when, by the monotonic clock, this process sees a deadline as passed. Lives as long as the loop that asks. */
export type OverdueSince = Map<string, { deadlineMs: number; sinceMs: number }>;

/** Ends what waited longer than its stored deadline says; returns how many. Tells the link, because the order may be out. */
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
  if (expired > 0) await wakeForFreePlace(context);
  return expired;
}

/** Forgets what is no longer overdue, and answers with what has been so for long enough. */
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
    // Another deadline is another wait.
    const sinceMs = known?.deadlineMs === deadlineMs ? known.sinceMs : monotonicMs;
    overdueSince.set(id, { deadlineMs, sinceMs });
    return monotonicMs - sinceMs >= OVERDUE_FOR_MS;
  });
}

/** The bound comes first: it holds whether the device is back or not. */
function passedMs({ bound, deadlineMs }: MachineAction, nowMs: number): number | null {
  const endsMs = bound && boundEndsMs(bound);
  if (endsMs !== null && endsMs <= nowMs) return endsMs;
  return deadlineMs !== null && deadlineMs <= nowMs ? deadlineMs : null;
}

async function expire({ store, clock, bus, log }: ServiceContext, actionId: string): Promise<boolean> {
  const expired = await store.write(async (tx) => {
    // Read again inside the transaction: the device may have come back in between.
    const action = await tx.actions.byId(actionId);
    const nowMs = clock.nowMs();
    const event = action && (await passedEvent(tx, action, nowMs));
    if (!event) return null;
    const transition = applyEvent(action, event, nowMs);
    if ("code" in transition || !transition.changed) return null;
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

/** The clock of a running action is that of its lost device; a device that is linked is not lost, and its hello stops the clock. */
async function isBack(tx: StoreTx, action: MachineAction): Promise<boolean> {
  if (action.status !== "InProgress") return false;
  const machine = await tx.machines.byId(action.machineId);
  return machine?.linked === true;
}
