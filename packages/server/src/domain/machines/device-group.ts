/**
 * Levels of automated remediation of a device group. Source:
 * docs/contract/lifecycle.md#queue-and-concurrency [D] machine-groups.md.
 */
export const REMEDIATION_LEVELS = ["none", "semi-all", "semi-non-temp", "semi-system", "full"] as const;
export type RemediationLevel = (typeof REMEDIATION_LEVELS)[number];

export interface DeviceGroup {
  /** 0: machines that are in no other group. */
  id: number;
  name: string;
  /** Live response requires at least the minimum level, so `none` refuses it. */
  remediationLevel: RemediationLevel;
  /** Whether all users may reach its machines. */
  isOpenToUsers: boolean;
  /** Users who may reach its machines, by id. */
  users: readonly string[];
  /** Names of groups as the users' issuer gives them. */
  userGroups: readonly string[];
}

export const UNGROUPED_ID = 0;

export const allowsLiveResponse = (group: Pick<DeviceGroup, "remediationLevel">): boolean =>
  group.remediationLevel !== "none";

/** The machines that a caller may see and act on: all of them, or those of some device groups. */
export type MachineScope = { kind: "all" } | { kind: "groups"; groupIds: readonly number[] };

export const isInScope = (scope: MachineScope, groupId: number): boolean =>
  scope.kind === "all" || scope.groupIds.includes(groupId);

/** The machine scope of a user: their groups, and the groups that are open to all. */
export function scopeOfUser(
  user: { id: string; groups: readonly string[] },
  groups: readonly DeviceGroup[],
): MachineScope {
  const open = groups.filter(
    ({ isOpenToUsers, users, userGroups }) =>
      isOpenToUsers || users.includes(user.id) || userGroups.some((name) => user.groups.includes(name)),
  );
  return { kind: "groups", groupIds: open.map(({ id }) => id) };
}
