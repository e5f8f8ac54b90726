import { getMachineAction } from "../../../../service/actions/get-machine-action.ts";
import { permitted } from "../../../edge/access.ts";
import { ok } from "../../../edge/answer.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { actionResultsWire } from "../../present/action-results-wire.ts";

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
