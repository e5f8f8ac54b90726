import { ReplaceMachineTagsRequest } from "@halligan/protocol/api";
import { replaceMachineTags as replaceTags } from "../../../../service/machines/set-machine-tag.ts";
import { permitted } from "../../../edge/access.ts";
import { jsonBody } from "../../../edge/body/body-kinds.ts";
import { machineDetailsResponse } from "../../../openapi/samples/machines.ts";
import { machineIdParameter } from "../../../openapi/samples/parameters.ts";
import { BODY_REFUSED, MACHINE_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { WRITE } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { changedMachine } from "./changed-machine.ts";

export const replaceMachineTags = operation({
  name: "ReplaceMachineTags",
  method: "PUT",
  path: "/halligan/v1/machines/:id/tags",
  access: permitted(WRITE),
  rateLimit: { sharedWith: "SetMachineTags" },
  doc: {
    tag: "Machines",
    summary: "Replace all tags of a machine",
    path: { id: machineIdParameter },
    bodyExample: { tags: ["lab"] },
    refusals: { 400: BODY_REFUSED, 404: MACHINE_NOT_FOUND },
  },
  responses: { 200: machineDetailsResponse },
  body: jsonBody(ReplaceMachineTagsRequest),
  async handler({ caller, params, body }, context) {
    return changedMachine(context, await replaceTags(context, caller, params.id.toLowerCase(), body.tags));
  },
});
