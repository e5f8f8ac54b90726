import {
  type DeviceGroupListWire,
  DeviceGroupRequest,
  type DeviceGroupWire,
  MachineDeviceGroupRequest,
} from "@halligan/protocol/api";
import type { DeviceGroup } from "../../../../domain/machines/device-group.ts";
import * as groups from "../../../../service/machines/device-groups.ts";
import { permitted } from "../../../edge/access.ts";
import { created, noContent, ok } from "../../../edge/answer.ts";
import { json, noBody } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { machineEntity } from "../../present/machine-wire.ts";

const ID = ":id(\\d{1,9})";

export const listDeviceGroups = operation({
  name: "ListDeviceGroups",
  method: "GET",
  path: "/halligan/v1/device-groups",
  access: permitted("ListDeviceGroups"),
  query: {},
  body: noBody,
  async handler(_request, context) {
    const answer: DeviceGroupListWire = { value: (await groups.listDeviceGroups(context)).map(deviceGroupWire) };
    return ok(answer);
  },
});

export const createDeviceGroup = operation({
  name: "CreateDeviceGroup",
  method: "POST",
  path: "/halligan/v1/device-groups",
  access: permitted("CreateDeviceGroup"),
  body: json(DeviceGroupRequest),
  async handler({ caller, body }, context) {
    const made = await groups.createDeviceGroup(context, caller, body);
    return made.ok ? created(deviceGroupWire(made.value)) : domainRefusal(made.error);
  },
});

export const updateDeviceGroup = operation({
  name: "UpdateDeviceGroup",
  method: "PUT",
  path: `/halligan/v1/device-groups/${ID}`,
  access: permitted("UpdateDeviceGroup"),
  body: json(DeviceGroupRequest),
  async handler({ caller, params, body }, context) {
    const changed = await groups.updateDeviceGroup(context, caller, Number(params.id), body);
    return changed.ok ? ok(deviceGroupWire(changed.value)) : domainRefusal(changed.error);
  },
});

export const deleteDeviceGroup = operation({
  name: "DeleteDeviceGroup",
  method: "DELETE",
  path: `/halligan/v1/device-groups/${ID}`,
  access: permitted("DeleteDeviceGroup"),
  body: noBody,
  async handler({ caller, params }, context) {
    const removed = await groups.removeDeviceGroup(context, caller, Number(params.id));
    return removed.ok ? noContent() : domainRefusal(removed.error);
  },
});

export const setMachineDeviceGroup = operation({
  name: "SetMachineDeviceGroup",
  method: "PUT",
  path: "/halligan/v1/machines/:id/device-group",
  access: permitted("SetMachineDeviceGroup"),
  body: json(MachineDeviceGroupRequest),
  async handler({ caller, params, body }, context) {
    const moved = await groups.setMachineDeviceGroup(context, caller, (params.id ?? "").toLowerCase(), body.groupId);
    return moved.ok ? ok(await machineEntity(context, moved.value)) : domainRefusal(moved.error);
  },
});

const deviceGroupWire = ({
  id,
  name,
  remediationLevel,
  isOpenToUsers,
  users,
  userGroups,
}: DeviceGroup): DeviceGroupWire => ({
  id,
  name,
  remediationLevel,
  isOpenToUsers,
  users: [...users],
  userGroups: [...userGroups],
});
