import type { MachineActionStatus, MachineActionWire } from "@halligan/protocol/api";

/**
 * An action in `--json`: the API's entity, as documented in the contract, without its OData
 * context.
 */
export function actionJson({
  "@odata.context": _,
  ...action
}: MachineActionWire): Omit<MachineActionWire, "@odata.context"> {
  return action;
}

export function statusOf(action: MachineActionWire): MachineActionStatus {
  return action.status;
}
