import { MACHINE_ACTION_STATUSES } from "@halligan/protocol/api";
import fc from "fast-check";
import { isFinal, type MachineAction } from "../../../src/domain/actions/machine-action.ts";
import type { FilterRecord } from "../../../src/odata/evaluate.ts";
import { sampleAction } from "../../unit/domain/sample-action.ts";
import { arbitraryText, arbitraryTimeMs } from "../../unit/odata/arbitrary-values.ts";

/**
 * Actions with awkward texts and many equal values, and at most one unfinished one per machine.
 * Deterministic in its arguments.
 */
export function sampleActions(count: number, machineIds: readonly string[], seed: number): MachineAction[] {
  const change = fc.record({
    status: fc.constantFrom(...MACHINE_ACTION_STATUSES),
    machineId: fc.constantFrom(...machineIds),
    computerDnsName: arbitraryText,
    requestor: arbitraryText,
    createdAtMs: arbitraryTimeMs,
    updatedAtMs: arbitraryTimeMs,
  });
  const busy = new Set<string>();
  return fc.sample(change, { numRuns: count, seed }).map((sampled, index) => {
    const status = isFinal(sampled.status) || !busy.has(sampled.machineId) ? sampled.status : "Failed";
    if (!isFinal(status)) busy.add(sampled.machineId);
    const id = `${((index * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, "0")}-0000-4000-8000-${String(index).padStart(12, "0")}`;
    return sampleAction({ ...sampled, status, id });
  });
}

/** An action for filters: the values of its wire form. */
export const actionRecord = (action: MachineAction): FilterRecord => ({
  id: action.id,
  status: action.status,
  machineId: action.machineId,
  type: "LiveResponse",
  requestor: action.requestor,
  creationDateTimeUtc: action.createdAtMs,
  lastUpdateDateTimeUtc: action.updatedAtMs,
  computerDnsName: action.computerDnsName,
});
