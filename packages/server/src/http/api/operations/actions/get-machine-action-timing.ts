import { getMachineAction } from "../../../../service/actions/get-machine-action.ts";
import { permitted } from "../../../edge/access.ts";
import { ok } from "../../../edge/answer.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { actionTimingWire } from "../../present/action-timing-wire.ts";

/** Where the time of an action went: `domain/actions/action-timing.ts`. */
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
