import { getMachineAction as get } from "../../service/get-machine-action.ts";
import { permitted } from "../access.ts";
import { ok } from "../answer.ts";
import { noBody } from "../body-kinds.ts";
import { operation } from "../context.ts";
import { odataContext } from "../odata-context.ts";
import { machineActionWire } from "../wire/machine-action-wire.ts";
import { domainRefusal } from "../wire-errors.ts";

/** `docs/contract/http-api.md#get-a-machine-action`. */
export const getMachineAction = operation({
  name: "GetMachineAction",
  method: "GET",
  path: "/api/machineactions/:id",
  access: permitted("GetMachineAction"),
  body: noBody,
  async handler({ caller, params }, context) {
    const found = await get(context, caller, params.id ?? "");
    if (!found.ok) return domainRefusal(found.error);
    return ok({
      "@odata.context": odataContext(context.publicUrl, "MachineActions/$entity"),
      ...machineActionWire(found.value),
    });
  },
});
