/**
 * Session slots (docs/contract/http-api.md#rate-limits;
 * docs/contract/choices.md#sessions-that-count).
 *
 * A session for a connected machine takes a slot when it is accepted, and is refused when no slot
 * is free. A session for an absent machine takes none: it waits, and takes a slot when its machine
 * is connected and a slot is free, oldest first. When a machine disconnects, its slot is released:
 * at once if nothing has started, after a grace if something runs.
 */
export type SessionSlot = { held: false } | { held: true; untilMs: number | null };

/** Largest value of the setting. It means that sessions are not counted and never wait. */
const UNLIMITED = 1_000_000_000;

export const areSlotsLimited = (slots: number): boolean => slots < UNLIMITED;

/** Whether a session that was just requested may start. */
export function slotForNewSession(isMachineLinked: boolean, slotsInUse: number, slots: number): SessionSlot | "noSlot" {
  if (!isMachineLinked) return { held: false };
  return slotsInUse < slots ? { held: true, untilMs: null } : "noSlot";
}

/**
 * `waiting`: sessions of connected machines without a slot, oldest first. As many of them may start
 * as there are free slots.
 */
export function mayAcquireSlot(
  actionId: string,
  waiting: readonly string[],
  slotsInUse: number,
  slots: number,
): boolean {
  const rank = waiting.indexOf(actionId);
  return rank >= 0 && rank < slots - slotsInUse;
}

/** The slot of a session whose machine has disconnected. */
export function slotWhenDisconnected(
  slot: SessionSlot,
  hasStarted: boolean,
  nowMs: number,
  graceMs: number,
): SessionSlot {
  if (!slot.held || !hasStarted) return { held: false };
  return { held: true, untilMs: nowMs + graceMs };
}
