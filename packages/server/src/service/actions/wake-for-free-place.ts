import { arePlacesLimited } from "../../domain/actions/session-places.ts";
import type { ServiceContext } from "../context.ts";

/** How many waiting sessions are woken at once; more of them find their turn when the store is read again. */
const WAKE_AT_ONCE = 8;

/** A session has ended: those that wait for a place, oldest first, may ask for it. Who gets it is decided in their own transaction. */
export async function wakeForFreePlace({ store, bus, limits }: ServiceContext): Promise<void> {
  if (!arePlacesLimited(limits.runningSessions)) return;
  const waiting = await store.read((tx) => tx.actions.waitingForPlace(WAKE_AT_ONCE));
  for (const { machineId } of waiting) bus.wakeMachine(machineId);
}
