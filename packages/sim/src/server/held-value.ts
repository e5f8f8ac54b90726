import type { Machine } from "@halligan/server/simulation";

/** What a save says about a machine's device. */
export interface HeldValue {
  machineId: string;
  value: string;
  journalId: string | null;
}

/** Null where the save says nothing new about it. */
export function heldValue(loaded: Machine, changed: Machine): HeldValue | null {
  const value = changed.continuity.held?.text;
  if (value === undefined || value === loaded.continuity.held?.text) return null;
  return { machineId: changed.id, value, journalId: changed.journalId };
}
