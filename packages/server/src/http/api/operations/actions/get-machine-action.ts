import { getMachineAction as get } from "../../../../service/actions/get-machine-action.ts";
import { permitted } from "../../../edge/access.ts";
import { ok } from "../../../edge/answer.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { machineActionWire } from "../../present/machine-action-wire.ts";
import { odataContext } from "../../present/odata-context.ts";

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
