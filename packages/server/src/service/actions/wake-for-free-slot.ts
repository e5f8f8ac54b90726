import { areSlotsLimited } from "../../domain/actions/session-slots.ts";
import type { ServiceContext } from "../context.ts";

/**
 * Waiting sessions that are woken at once. Further ones are found when the store is next polled.
 */
const WAKE_AT_ONCE = 8;

/**
 * A session has ended, so the machines with waiting sessions are woken, oldest first. Their own
 * transactions decide which one takes the slot.
 */
export async function wakeForFreeSlot({ store, bus, limits }: ServiceContext): Promise<void> {
  if (!areSlotsLimited(limits.runningSessions)) return;
  const waiting = await store.read((tx) => tx.actions.waitingForSlot(WAKE_AT_ONCE));
  for (const { machineId } of waiting) bus.wakeMachine(machineId);
}
