import { MachineTagsRequest } from "@halligan/protocol/api";
import { setMachineTag } from "../../../../service/machines/set-machine-tag.ts";
import { permitted } from "../../../edge/access.ts";
import { jsonBody } from "../../../edge/body/body-kinds.ts";
import { ok } from "../../../edge/http-response.ts";
import { machineResponse } from "../../../openapi/samples/machines.ts";
import { machineIdParameter } from "../../../openapi/samples/parameters.ts";
import { MACHINE_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { WRITE } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { machineEntity } from "../../present/machine-wire.ts";

/** Adds or removes one tag; answers with the machine. */
export const setMachineTags = operation({
  name: "SetMachineTags",
  method: "POST",
  path: "/api/machines/:id/tags",
  access: permitted(WRITE),
  rateLimit: "standard",
  doc: {
    tag: "Machines",
    summary: "Add or remove a tag",
    description: "Adding a tag that is there, or removing one that is not, changes nothing and is no fault.",
    path: { id: machineIdParameter },
    bodyExample: { Value: "lab", Action: "Add" },
    refusals: {
      400: "`InvalidInput`: a machine has at most 100 tags. `InvalidRequestBody`, `MissingRequiredParameter`: the body.",
      404: MACHINE_NOT_FOUND,
    },
  },
  responses: { 200: machineResponse },
  body: jsonBody(MachineTagsRequest),
  async handler({ caller, params, body }, context) {
    const tagged = await setMachineTag(context, caller, params.id.toLowerCase(), body);
    return tagged.ok ? ok(await machineEntity(context, tagged.value)) : domainRefusal(tagged.error);
  },
});
