import type { DeviceGroupRequest } from "@halligan/protocol/api";
import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import type { DomainError } from "../../domain/errors.ts";
import type { Policy } from "../../domain/identity/policy.ts";
import { type DeviceGroup, isInScope, UNGROUPED_ID } from "../../domain/machines/device-group.ts";
import type { Machine } from "../../domain/machines/machine.ts";
import type { StoreTx } from "../../store/store.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";
import { scopeOf } from "../machine-scope.ts";

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
    if (await tx.deviceGroups.byName(request.name)) return err({ code: "DeviceGroupExists", name: request.name });
    const group = await tx.deviceGroups.insert(groupOf(request));
    await auditChange(tx, caller, "CreateDeviceGroup", clock.nowMs(), { ...group });
    return ok(group);
  });
}

/**
 * Whether the caller may change a group. Users of a group reach its machines, so a user who could
 * change any group could extend their own machine scope.
 */
async function mayDecide(tx: StoreTx, policy: Policy, caller: Caller, groupId: number): Promise<boolean> {
  return policy.grants === "any" || isInScope(await scopeOf(tx, caller), groupId);
}

/**
 * `PUT /halligan/v1/device-groups/{id}`. The group of ungrouped machines (0) can be changed too.
 */
export async function updateDeviceGroup(
  { store, clock, policy }: ServiceContext,
  caller: Caller,
  groupId: number,
  request: DeviceGroupRequest,
): Promise<Result<DeviceGroup, DomainError>> {
  return store.write(async (tx): Promise<Result<DeviceGroup, DomainError>> => {
    const isThere = (await tx.deviceGroups.byId(groupId)) && (await mayDecide(tx, policy, caller, groupId));
    if (!isThere) return err({ code: "DeviceGroupNotFound", groupId });
    const bearer = await tx.deviceGroups.byName(request.name);
    if (bearer && bearer.id !== groupId) return err({ code: "DeviceGroupExists", name: request.name });
    const group: DeviceGroup = { ...groupOf(request), id: groupId };
    if (!(await tx.deviceGroups.save(group))) return err({ code: "DeviceGroupNotFound", groupId });
    await auditChange(tx, caller, "UpdateDeviceGroup", clock.nowMs(), { ...group });
    return ok(group);
  });
}

/**
 * `DELETE /halligan/v1/device-groups/{id}`. Only an empty group can be deleted, so that no machine
 * changes its group unnoticed.
 */
export async function removeDeviceGroup(
  { store, clock, policy }: ServiceContext,
  caller: Caller,
  groupId: number,
): Promise<Result<null, DomainError>> {
  return store.write(async (tx): Promise<Result<null, DomainError>> => {
    const group = groupId === UNGROUPED_ID ? undefined : await tx.deviceGroups.byId(groupId);
    const isThere = group && (await mayDecide(tx, policy, caller, groupId));
    if (!isThere) return err({ code: "DeviceGroupNotFound", groupId });
    const { machines, retired } = await tx.deviceGroups.machineCount(groupId);
    if (machines > 0) return err({ code: "DeviceGroupInUse", groupId, machines, retired });
    if (!(await tx.deviceGroups.remove(groupId))) return err({ code: "DeviceGroupNotFound", groupId });
    await auditChange(tx, caller, "DeleteDeviceGroup", clock.nowMs(), { id: groupId, name: group.name });
    return ok(null);
  });
}

/**
 * `PUT /halligan/v1/machines/{id}/device-group`. A removed machine can be moved too: its group
 * decides who reads its history, and a group with machines cannot be deleted.
 */
export async function setMachineDeviceGroup(
  { store, clock, policy }: ServiceContext,
  caller: Caller,
  machineId: string,
  groupId: number,
): Promise<Result<Machine, DomainError>> {
  return store.write(async (tx: StoreTx): Promise<Result<Machine, DomainError>> => {
    const machine = await tx.machines.byId(machineId);
    const isOwn = machine && (await mayDecide(tx, policy, caller, machine.groupId));
    if (!isOwn) return err({ code: "MachineNotFound", machineId });
    const isThere = (await tx.deviceGroups.byId(groupId)) && (await mayDecide(tx, policy, caller, groupId));
    if (!isThere) return err({ code: "DeviceGroupNotFound", groupId });
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

const groupOf = ({
  name,
  remediationLevel,
  isOpenToUsers,
  users,
  userGroups,
}: DeviceGroupRequest): Omit<DeviceGroup, "id"> => ({
  name,
  remediationLevel,
  isOpenToUsers: isOpenToUsers ?? false,
  users: users ?? [],
  userGroups: userGroups ?? [],
});
