import type { ActionWithResultsWire, MachineActionStatus, MachineActionWire } from "@halligan/protocol/api";

/**
 * An action in `--json`: the API's entity, as documented in the contract, without its OData
 * context, what it waits for and its results, which have a place of their own.
 */
export function actionJson({
  "@odata.context": _,
  results: _results,
  waiting: _waiting,
  ...action
}: ActionWithResultsWire): Omit<MachineActionWire, "@odata.context"> {
  return action;
}

export function statusOf(action: MachineActionWire): MachineActionStatus {
  return action.status;
}
