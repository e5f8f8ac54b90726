import { MachineActionWire } from "@halligan/protocol/api";
import { getMachineAction as get } from "../../../../service/actions/get-machine-action.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { ok } from "../../../edge/http-response.ts";
import { sampleSucceededAction } from "../../../openapi/samples/actions.ts";
import { actionIdParameter } from "../../../openapi/samples/parameters.ts";
import { ACTION_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { contextOf } from "../../../openapi/samples/values.ts";
import { READ } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { machineActionWire } from "../../present/machine-action-wire.ts";
import { odataContext } from "../../present/odata-context.ts";

/** `docs/contract/http-api.md#get-a-machine-action`. */
export const getMachineAction = operation({
  name: "GetMachineAction",
  method: "GET",
  path: "/api/machineactions/:id",
  access: permitted(READ),
  rateLimit: "standard",
  doc: {
    tag: "Machine actions",
    summary: "Get a machine action",
    description:
      "`Pending` and `InProgress` go on; `Succeeded`, `Failed`, `TimeOut` and `Cancelled` are final and never change again.",
    path: { id: actionIdParameter },
    refusals: {
      404: ACTION_NOT_FOUND,
    },
  },
  responses: {
    200: json("The action.", MachineActionWire, {
      "@odata.context": contextOf("MachineActions/$entity"),
      ...sampleSucceededAction,
    }),
  },
  body: noBody,
  async handler({ caller, params }, context) {
    const found = await get(context, caller, params.id);
    if (!found.ok) return domainRefusal(found.error);
    return ok({
      "@odata.context": odataContext(context.publicUrl, "MachineActions/$entity"),
      ...machineActionWire(found.value),
    });
  },
});
