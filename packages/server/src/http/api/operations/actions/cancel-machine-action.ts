import { CancelRequest } from "@halligan/protocol/api";
import { cancelMachineAction as cancel } from "../../../../service/actions/cancel-machine-action.ts";
import { permitted } from "../../../edge/access.ts";
import { ok } from "../../../edge/answer.ts";
import { json } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { machineActionWire } from "../../present/machine-action-wire.ts";
import { odataContext } from "../../present/odata-context.ts";

/**
 * Answers with the action already `Cancelled`. `docs/contract/http-api.md#cancel-a-machine-action`.
 */
export const cancelMachineAction = operation({
  name: "CancelMachineAction",
  method: "POST",
  path: "/api/machineactions/:id/cancel",
  access: permitted("CancelMachineAction"),
  body: json(CancelRequest),
  async handler({ caller, params, body }, context) {
    const cancelled = await cancel(context, caller, params.id ?? "", body.Comment);
    if (!cancelled.ok) return domainRefusal(cancelled.error);
    return ok({
      "@odata.context": odataContext(context.publicUrl, "MachineActions/$entity"),
      ...machineActionWire(cancelled.value),
    });
  },
});
