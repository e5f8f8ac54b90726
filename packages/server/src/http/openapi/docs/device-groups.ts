import { DeviceGroupListWire, DeviceGroupWire, MachineWire } from "@halligan/protocol/api";
import { Type } from "typebox";
import { json, type OperationDoc, type ParameterDoc } from "../operation-doc.ts";
import { SAMPLE } from "../sample-values.ts";
import { machineIdParameter } from "./parameters.ts";
import { contextOf, sampleMachine } from "./sample-entities.ts";

const idParameter: ParameterDoc = {
  description: "Number of the device group; 0 is that of machines without one.",
  schema: Type.Integer({ minimum: 0 }),
  example: SAMPLE.deviceGroupId,
};
const request = {
  name: "Laboratory",
  remediationLevel: "full",
  isOpenToUsers: false,
  users: [],
  userGroups: ["lab-analysts"],
};
const changed = { ...request, name: "Laboratory, west wing", remediationLevel: "semi-all" };
const group = { id: SAMPLE.deviceGroupId, ...request };
const NOT_FOUND = "`ResourceNotFound`: there is no such device group.";
const BODY_REFUSED = "`InvalidInput`: the name is taken. `InvalidRequestBody`, `MissingRequiredParameter`: the body.";

export const deviceGroupDocs = {
  ListDeviceGroups: {
    tag: "Halligan",
    summary: "List device groups",
    answers: { 200: json("All of them.", DeviceGroupListWire, { value: [group] }) },
  },
  CreateDeviceGroup: {
    tag: "Halligan",
    summary: "Make a device group",
    description:
      "Users reach its machines when it names them or one of their groups, or is open to all users. Live response needs " +
      "another remediation level than `none`.",
    bodyExample: request,
    answers: { 201: json("The group.", DeviceGroupWire, group) },
    refusals: { 400: BODY_REFUSED },
  },
  UpdateDeviceGroup: {
    tag: "Halligan",
    summary: "Change a device group",
    description: "Everything of it is replaced.",
    path: { id: idParameter },
    bodyExample: changed,
    answers: { 200: json("The group.", DeviceGroupWire, { ...group, ...changed }) },
    refusals: { 400: BODY_REFUSED, 404: NOT_FOUND },
  },
  DeleteDeviceGroup: {
    tag: "Halligan",
    summary: "Remove a device group",
    description: "That of machines without one, 0, stays.",
    path: { id: idParameter },
    answers: { 204: { description: "It is removed." } },
    refusals: { 400: "`BadRequest`: machines belong to it.", 404: NOT_FOUND },
  },
  SetMachineDeviceGroup: {
    tag: "Halligan",
    summary: "Move a machine to a device group",
    path: { id: machineIdParameter },
    bodyExample: { groupId: SAMPLE.deviceGroupId },
    answers: {
      200: json("The machine.", MachineWire, {
        "@odata.context": contextOf("Machines/$entity"),
        ...sampleMachine,
        rbacGroupId: SAMPLE.deviceGroupId,
        rbacGroupName: request.name,
      }),
    },
    refusals: {
      400: "`InvalidRequestBody`, `MissingRequiredParameter`: the body.",
      404: "`ResourceNotFound`: there is no such machine, or no such device group.",
    },
  },
} as const satisfies Record<string, OperationDoc>;
