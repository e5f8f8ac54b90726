import { isFinal, type MachineAction } from "./machine-action.ts";

/**
 * Actions whose start time comes later (`notBefore`). Until it is released, such an action is not
 * the machine's unfinished action: it holds no slot and blocks no other action. It is released when
 * its time has come and the machine's connection finds nothing else to send. From its time on, new
 * starts are refused as for any unfinished action, so that they cannot overtake it.
 */

/** Open actions of one machine that are not released. */
export const MAX_SCHEDULED = 16;

type Scheduled = Pick<MachineAction, "scheduledMs" | "status">;

export const isScheduled = ({ scheduledMs, status }: Scheduled): boolean => scheduledMs !== null && !isFinal(status);

export const isScheduledLater = (action: Scheduled, nowMs: number): boolean =>
  isScheduled(action) && (action.scheduledMs ?? 0) > nowMs;

/** The one that is released first: the earliest, and of those the oldest. */
export function firstScheduled<A extends Scheduled>(open: readonly A[]): A | null {
  return open
    .filter(isScheduled)
    .reduce<A | null>(
      (first, one) => (first && (first.scheduledMs ?? 0) <= (one.scheduledMs ?? 0) ? first : one),
      null,
    );
}

/** The unfinished action that the machine has, or must take before a new one. */
export const unfinishedNow = <A extends Scheduled>(open: readonly A[], nowMs: number): A | undefined =>
  open.find((action) => !isFinal(action.status) && !isScheduledLater(action, nowMs));

/** From now on it is the machine's unfinished action. */
export const released = (action: MachineAction): MachineAction => ({ ...action, scheduledMs: null });

/** From when on it may start. */
export const readyAtMs = ({ createdAtMs, options }: Pick<MachineAction, "createdAtMs" | "options">): number =>
  Math.max(createdAtMs, options.notBeforeMs ?? createdAtMs);
