import { getMachineAction } from "../../service/get-machine-action.ts";
import { permitted } from "../access.ts";
import { ok } from "../answer.ts";
import { noBody } from "../body-kinds.ts";
import { operation } from "../context.ts";
import { actionResultsWire } from "../wire/action-results-wire.ts";
import { domainRefusal } from "../wire-errors.ts";

/** What the contract's entity has no place for: size, SHA-256 and, of a file that changed while it was read, how. */
export const getMachineActionResults = operation({
  name: "GetMachineActionResults",
  method: "GET",
  path: "/halligan/v1/actions/:id/results",
  access: permitted("GetMachineActionResults"),
  body: noBody,
  async handler({ caller, params }, context) {
    const found = await getMachineAction(context, caller, params.id ?? "");
    return found.ok ? ok(actionResultsWire(found.value)) : domainRefusal(found.error);
  },
});
