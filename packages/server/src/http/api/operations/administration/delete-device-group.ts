import * as groups from "../../../../service/machines/device-groups.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { empty } from "../../../edge/declared-responses.ts";
import { noContent } from "../../../edge/http-response.ts";
import { deviceGroupIdParameter } from "../../../openapi/samples/parameters.ts";
import { GROUP_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { ADMIN } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";

export const deleteDeviceGroup = operation({
  name: "DeleteDeviceGroup",
  method: "DELETE",
  path: "/halligan/v1/device-groups/:id(\\d{1,9})",
  access: permitted(ADMIN),
  rateLimit: "none",
  doc: {
    tag: "Halligan",
    summary: "Remove a device group",
    description: "That of machines without one, 0, stays.",
    path: { id: deviceGroupIdParameter },
    refusals: { 400: "`BadRequest`: machines belong to it.", 404: GROUP_NOT_FOUND },
  },
  responses: { 204: empty("It is removed.") },
  body: noBody,
  async handler({ caller, params }, context) {
    const removed = await groups.removeDeviceGroup(context, caller, Number(params.id));
    return removed.ok ? noContent() : domainRefusal(removed.error);
  },
});
