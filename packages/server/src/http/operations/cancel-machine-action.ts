import { CancelRequest } from "@halligan/protocol/api";
import { cancelMachineAction as cancel } from "../../service/cancel-machine-action.ts";
import { permitted } from "../access.ts";
import { ok } from "../answer.ts";
import { json } from "../body-kinds.ts";
import { operation } from "../context.ts";
import { odataContext } from "../odata-context.ts";
import { machineActionWire } from "../wire/machine-action-wire.ts";
import { domainRefusal } from "../wire-errors.ts";

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
