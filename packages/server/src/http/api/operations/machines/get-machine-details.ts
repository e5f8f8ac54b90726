import { getMachineDetails as get } from "../../../../service/machines/machine-details.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { ok } from "../../../edge/http-response.ts";
import { machineDetailsResponse } from "../../../openapi/samples/machines.ts";
import { machineIdParameter } from "../../../openapi/samples/parameters.ts";
import { MACHINE_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { READ } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { machineDetailsWire } from "../../present/machine-details-wire.ts";

/** By id or name; retired machines as well. */
export const getMachineDetails = operation({
  name: "GetMachineDetails",
  method: "GET",
  path: "/halligan/v1/machines/:id",
  access: permitted(READ),
  rateLimit: "none",
  doc: {
    tag: "Machines",
    summary: "Get a machine with its details",
    description: "Retired machines too. A name finds a machine in use before a retired one.",
    path: { id: { ...machineIdParameter, description: "Id of the machine, or its computer name." } },
    refusals: { 400: "`InvalidInput`: the name is that of several machines.", 404: MACHINE_NOT_FOUND },
  },
  responses: { 200: machineDetailsResponse },
  body: noBody,
  async handler({ caller, params }, context) {
    const found = await get(context, caller, params.id);
    return found.ok ? ok(machineDetailsWire(context, found.value)) : domainRefusal(found.error);
  },
});
