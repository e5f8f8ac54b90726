import type { DeviceGroupWire } from "@halligan/protocol/api";
import type { DeviceGroup } from "../../../../domain/machines/device-group.ts";

export const deviceGroupWire = ({
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
