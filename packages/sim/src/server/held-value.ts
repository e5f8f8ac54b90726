import type { Machine } from "@halligan/server/simulation";

/** The rolling value that a save records for a machine's device. */
export interface HeldValue {
  machineId: string;
  value: string;
  journalId: string | null;
}

/** Null when the save does not change the value. */
export function heldValue(loaded: Machine, changed: Machine): HeldValue | null {
  const value = changed.continuity.held?.text;
  if (value === undefined || value === loaded.continuity.held?.text) return null;
  return { machineId: changed.id, value, journalId: changed.journalId };
}
