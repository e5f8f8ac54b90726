import type { DeviceGroupRequest } from "@halligan/protocol/api";
import type { Caller } from "../auth/caller.ts";
import { type DeviceGroup, UNGROUPED_ID } from "../domain/device-group.ts";
import type { DomainError } from "../domain/errors.ts";
import type { Machine } from "../domain/machine.ts";
import { ok, type Result, refuse } from "../domain/result.ts";
import type { StoreTx } from "../store/store.ts";
import { auditChange } from "./audit.ts";
import type { ServiceContext } from "./context.ts";

/** `GET /halligan/v1/device-groups` */
export function listDeviceGroups({ store }: ServiceContext): Promise<DeviceGroup[]> {
  return store.read((tx) => tx.deviceGroups.list());
}

/** `POST /halligan/v1/device-groups` */
export async function createDeviceGroup(
  { store, clock }: ServiceContext,
  caller: Caller,
  request: DeviceGroupRequest,
): Promise<Result<DeviceGroup, DomainError>> {
  return store.write(async (tx): Promise<Result<DeviceGroup, DomainError>> => {
    if (await tx.deviceGroups.byName(request.name)) return refuse({ code: "DeviceGroupExists", name: request.name });
    const group = await tx.deviceGroups.insert(groupOf(request));
    await auditChange(tx, caller, "CreateDeviceGroup", clock.nowMs(), { ...group });
    return ok(group);
  });
}

/** `PUT /halligan/v1/device-groups/{id}`: the group of ungrouped machines (0) may be changed as well. */
export async function updateDeviceGroup(
  { store, clock }: ServiceContext,
  caller: Caller,
  groupId: number,
  request: DeviceGroupRequest,
): Promise<Result<DeviceGroup, DomainError>> {
  return store.write(async (tx): Promise<Result<DeviceGroup, DomainError>> => {
    if (!(await tx.deviceGroups.byId(groupId))) return refuse({ code: "DeviceGroupNotFound", groupId });
    const bearer = await tx.deviceGroups.byName(request.name);
    if (bearer && bearer.id !== groupId) return refuse({ code: "DeviceGroupExists", name: request.name });
    const group: DeviceGroup = { ...groupOf(request), id: groupId };
    if (!(await tx.deviceGroups.save(group))) return refuse({ code: "DeviceGroupNotFound", groupId });
    await auditChange(tx, caller, "UpdateDeviceGroup", clock.nowMs(), { ...group });
    return ok(group);
  });
}

/** `DELETE /halligan/v1/device-groups/{id}`: only an empty one, so that no machine changes its reach unseen. */
export async function removeDeviceGroup(
  { store, clock }: ServiceContext,
  caller: Caller,
  groupId: number,
): Promise<Result<null, DomainError>> {
  return store.write(async (tx): Promise<Result<null, DomainError>> => {
    const group = groupId === UNGROUPED_ID ? undefined : await tx.deviceGroups.byId(groupId);
    if (!group) return refuse({ code: "DeviceGroupNotFound", groupId });
    const { machines, retired } = await tx.deviceGroups.machineCount(groupId);
    if (machines > 0) return refuse({ code: "DeviceGroupInUse", groupId, machines, retired });
    if (!(await tx.deviceGroups.remove(groupId))) return refuse({ code: "DeviceGroupNotFound", groupId });
    await auditChange(tx, caller, "DeleteDeviceGroup", clock.nowMs(), { id: groupId, name: group.name });
    return ok(null);
  });
}

/**
 * `PUT /halligan/v1/machines/{id}/device-group`. A removed machine is moved too: its group decides
 * who reads its history, and a group that has machines cannot be deleted.
 */
export async function setMachineDeviceGroup(
  { store, clock }: ServiceContext,
  caller: Caller,
  machineId: string,
  groupId: number,
): Promise<Result<Machine, DomainError>> {
  return store.write(async (tx: StoreTx): Promise<Result<Machine, DomainError>> => {
    const machine = await tx.machines.byId(machineId);
    if (!machine) return refuse({ code: "MachineNotFound", machineId });
    if (!(await tx.deviceGroups.byId(groupId))) return refuse({ code: "DeviceGroupNotFound", groupId });
    const moved: Machine = { ...machine, groupId };
    await tx.machines.save(machine, moved);
    await auditChange(
      tx,
      caller,
      "SetMachineDeviceGroup",
      clock.nowMs(),
      { from: machine.groupId, to: groupId },
      machineId,
    );
    return ok(moved);
  });
}

const groupOf = ({ name, remediationLevel, users, userGroups }: DeviceGroupRequest): Omit<DeviceGroup, "id"> => ({
  name,
  remediationLevel,
  users: users ?? [],
  userGroups: userGroups ?? [],
});
