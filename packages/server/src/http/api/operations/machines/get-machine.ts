import { getMachine as get } from "../../../../service/machines/get-machine.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { ok } from "../../../edge/http-response.ts";
import { machineResponse } from "../../../openapi/samples/machines.ts";
import { machineIdParameter } from "../../../openapi/samples/parameters.ts";
import { MACHINE_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { READ } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { machineEntity } from "../../present/machine-wire.ts";

/** By id or computer name. `docs/contract/http-api.md#machines`. */
export const getMachine = operation({
  name: "GetMachine",
  method: "GET",
  path: "/api/machines/:id",
  access: permitted(READ),
  rateLimit: "standard",
  doc: {
    tag: "Machines",
    summary: "Get a machine",
    path: { id: { ...machineIdParameter, description: "Id of the machine, or its computer name." } },
    refusals: { 400: "`InvalidInput`: the name is that of several machines.", 404: MACHINE_NOT_FOUND },
  },
  responses: { 200: machineResponse },
  body: noBody,
  async handler({ caller, params }, context) {
    const found = await get(context, caller, params.id);
    return found.ok ? ok(await machineEntity(context, found.value)) : domainRefusal(found.error);
  },
});
