import { DeviceGroupRequest, DeviceGroupWire } from "@halligan/protocol/api";
import * as groups from "../../../../service/machines/device-groups.ts";
import { permitted } from "../../../edge/access.ts";
import { jsonBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { ok } from "../../../edge/http-response.ts";
import { sampleGroup, sampleGroupRequest } from "../../../openapi/samples/administration.ts";
import { deviceGroupIdParameter } from "../../../openapi/samples/parameters.ts";
import { GROUP_NOT_FOUND, GROUP_REFUSED } from "../../../openapi/samples/refusals.ts";
import { ADMIN } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { deviceGroupWire } from "./device-group-wire.ts";

const changed = { ...sampleGroupRequest, name: "Laboratory, west wing", remediationLevel: "semi-all" };

export const updateDeviceGroup = operation({
  name: "UpdateDeviceGroup",
  method: "PUT",
  path: "/halligan/v1/device-groups/:id(\\d{1,9})",
  access: permitted(ADMIN),
  rateLimit: "none",
  doc: {
    tag: "Halligan",
    summary: "Change a device group",
    description: "Everything of it is replaced.",
    path: { id: deviceGroupIdParameter },
    bodyExample: changed,
    refusals: { 400: GROUP_REFUSED, 404: GROUP_NOT_FOUND },
  },
  responses: { 200: json("The group.", DeviceGroupWire, { ...sampleGroup, ...changed }) },
  body: jsonBody(DeviceGroupRequest),
  async handler({ caller, params, body }, context) {
    const changed = await groups.updateDeviceGroup(context, caller, Number(params.id), body);
    return changed.ok ? ok(deviceGroupWire(changed.value)) : domainRefusal(changed.error);
  },
});
