import { DeviceGroupListWire, type DeviceGroupRequest, DeviceGroupWire } from "../../api/index.ts";
import type { CallOptions } from "../options.ts";
import type { Transport } from "../transport/transport.ts";

/**
 * Device groups: which users can access which machines. Needs the permission Halligan.Admin.
 *
 * @example
 * ```ts
 * const group = await client.createDeviceGroup({ name: "lab", remediationLevel: "full" });
 * const [machine] = await client.listMachines({ limit: 1 });
 * if (machine !== undefined) await client.setMachineDeviceGroup(machine.id, group.id);
 * ```
 */
export interface DeviceGroupOperations {
  listDeviceGroups(options?: CallOptions): Promise<DeviceGroupWire[]>;
  /** 400 `InvalidInput` when a group has that name. */
  createDeviceGroup(request: DeviceGroupRequest, options?: CallOptions): Promise<DeviceGroupWire>;
  /** Replaces all properties of the group. */
  updateDeviceGroup(groupId: number, request: DeviceGroupRequest, options?: CallOptions): Promise<DeviceGroupWire>;
  /** 400 `BadRequest` while the group contains machines. */
  deleteDeviceGroup(groupId: number, options?: CallOptions): Promise<void>;
}

export function deviceGroupOperations(transport: Transport): DeviceGroupOperations {
  return {
    async listDeviceGroups({ signal } = {}) {
      return (await transport.sendForJson({ method: "GET", path: GROUPS, signal }, DeviceGroupListWire)).value;
    },
    createDeviceGroup: (request, { signal } = {}) =>
      transport.sendForJson({ method: "POST", path: GROUPS, json: request, signal }, DeviceGroupWire),
    updateDeviceGroup: (groupId, request, { signal } = {}) =>
      transport.sendForJson({ method: "PUT", path: `${GROUPS}/${groupId}`, json: request, signal }, DeviceGroupWire),
    async deleteDeviceGroup(groupId, { signal } = {}) {
      await (await transport.send({ method: "DELETE", path: `${GROUPS}/${groupId}`, signal })).body?.cancel();
    },
  };
}

const GROUPS = "/halligan/v1/device-groups";
