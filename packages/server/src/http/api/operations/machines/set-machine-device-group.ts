import { MachineDeviceGroupRequest, MachineWire } from "@halligan/protocol/api";
import * as groups from "../../../../service/machines/device-groups.ts";
import { permitted } from "../../../edge/access.ts";
import { jsonBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { ok } from "../../../edge/http-response.ts";
import { sampleGroupRequest } from "../../../openapi/samples/administration.ts";
import { sampleMachine } from "../../../openapi/samples/machines.ts";
import { machineIdParameter } from "../../../openapi/samples/parameters.ts";
import { BODY_REFUSED } from "../../../openapi/samples/refusals.ts";
import { contextOf, SAMPLE } from "../../../openapi/samples/values.ts";
import { ADMIN } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { machineEntity } from "../../present/machine-wire.ts";

export const setMachineDeviceGroup = operation({
  name: "SetMachineDeviceGroup",
  method: "PUT",
  path: "/halligan/v1/machines/:id/device-group",
  access: permitted(ADMIN),
  rateLimit: "none",
  doc: {
    tag: "Halligan",
    summary: "Move a machine to a device group",
    path: { id: machineIdParameter },
    bodyExample: { groupId: SAMPLE.deviceGroupId },
    refusals: {
      400: BODY_REFUSED,
      404: "`ResourceNotFound`: there is no such machine, or no such device group.",
    },
  },
  responses: {
    200: json("The machine.", MachineWire, {
      "@odata.context": contextOf("Machines/$entity"),
      ...sampleMachine,
      rbacGroupId: SAMPLE.deviceGroupId,
      rbacGroupName: sampleGroupRequest.name,
    }),
  },
  body: jsonBody(MachineDeviceGroupRequest),
  async handler({ caller, params, body }, context) {
    const moved = await groups.setMachineDeviceGroup(context, caller, params.id.toLowerCase(), body.groupId);
    return moved.ok ? ok(await machineEntity(context, moved.value)) : domainRefusal(moved.error);
  },
});
