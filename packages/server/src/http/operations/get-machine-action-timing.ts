import { getMachineAction } from "../../service/get-machine-action.ts";
import { permitted } from "../access.ts";
import { ok } from "../answer.ts";
import { noBody } from "../body-kinds.ts";
import { operation } from "../context.ts";
import { actionTimingWire } from "../wire/action-timing-wire.ts";
import { domainRefusal } from "../wire-errors.ts";

/** Where the time of an action went: `domain/action-timing.ts`. */
export const getMachineActionTiming = operation({
  name: "GetMachineActionTiming",
  method: "GET",
  path: "/halligan/v1/actions/:id/timing",
  access: permitted("GetMachineActionTiming"),
  body: noBody,
  async handler({ caller, params }, context) {
    const found = await getMachineAction(context, caller, params.id ?? "");
    return found.ok ? ok(actionTimingWire(found.value)) : domainRefusal(found.error);
  },
});
