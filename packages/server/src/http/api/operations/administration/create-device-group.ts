import { DeviceGroupRequest, DeviceGroupWire } from "@halligan/protocol/api";
import * as groups from "../../../../service/machines/device-groups.ts";
import { permitted } from "../../../edge/access.ts";
import { jsonBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { created } from "../../../edge/http-response.ts";
import { sampleGroup, sampleGroupRequest } from "../../../openapi/samples/administration.ts";
import { GROUP_REFUSED } from "../../../openapi/samples/refusals.ts";
import { ADMIN } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { deviceGroupWire } from "./device-group-wire.ts";

export const createDeviceGroup = operation({
  name: "CreateDeviceGroup",
  method: "POST",
  path: "/halligan/v1/device-groups",
  access: permitted(ADMIN),
  rateLimit: "none",
  doc: {
    tag: "Halligan",
    summary: "Make a device group",
    description:
      "Users reach its machines when it names them or one of their groups, or is open to all users. Live response needs " +
      "another remediation level than `none`.",
    bodyExample: sampleGroupRequest,
    refusals: { 400: GROUP_REFUSED },
  },
  responses: { 201: json("The group.", DeviceGroupWire, sampleGroup) },
  body: jsonBody(DeviceGroupRequest),
  async handler({ caller, body }, context) {
    const made = await groups.createDeviceGroup(context, caller, body);
    return made.ok ? created(deviceGroupWire(made.value)) : domainRefusal(made.error);
  },
});
