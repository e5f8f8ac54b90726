import assert from "node:assert/strict";
import { test } from "node:test";
import { type DeviceGroup, isInScope, scopeOfUser } from "../../../src/domain/machines/device-group.ts";

const group = (id: number, change: Partial<DeviceGroup> = {}): DeviceGroup => ({
  id,
  name: `group ${id}`,
  remediationLevel: "full",
  isOpenToUsers: false,
  users: [],
  userGroups: [],
  ...change,
});
const groups = [
  group(0, { isOpenToUsers: true }),
  group(1, { users: ["alice"] }),
  group(2, { userGroups: ["soc"] }),
  group(3, { users: ["bob"] }),
  group(4),
];

test("a user reaches the groups that name them, those of their own groups, and those that are open to all", () => {
  const scope = scopeOfUser({ id: "alice", groups: ["soc", "other"] }, groups);
  assert.deepEqual(scope, { kind: "groups", groupIds: [0, 1, 2] });
  assert.equal(isInScope(scope, 3), false);
});

test("a user in no list reaches only what is open to all", () => {
  assert.deepEqual(scopeOfUser({ id: "eve", groups: [] }, groups), { kind: "groups", groupIds: [0] });
});

test("an application reaches every group", () => {
  assert.equal(isInScope({ kind: "all" }, 17), true);
});
