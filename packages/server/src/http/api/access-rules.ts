import type { PermissionRule } from "../edge/access.ts";

/**
 * Permission rules that several operations have. A rule of one operation stands in its own file.
 * `docs/contract/http-api.md#permissions`; all of them by operation: `docs/permissions.md`.
 */

export const IN_SCOPE = { needsUserRight: "device group of the machine" } as const;

export const READ = {
  application: ["Machine.Read.All", "Machine.ReadWrite.All"],
  delegated: ["Machine.Read", "Machine.ReadWrite"],
  ...IN_SCOPE,
} as const satisfies PermissionRule;

/**
 * What a command brought. A user who may run it may fetch it; reading alone is not enough for a
 * user. `docs/contract/auth.md#permission-names`.
 */
export const RESULTS = {
  application: ["Machine.Read.All", "Machine.ReadWrite.All"],
  delegated: ["Machine.LiveResponse"],
  ...IN_SCOPE,
} as const satisfies PermissionRule;

export const WRITE = {
  application: ["Machine.ReadWrite.All"],
  delegated: ["Machine.ReadWrite"],
  ...IN_SCOPE,
} as const satisfies PermissionRule;

export const START = {
  application: ["Machine.LiveResponse"],
  delegated: ["Machine.LiveResponse"],
  ...IN_SCOPE,
} as const satisfies PermissionRule;

/** Every permission that starts a machine action. */
export const ACTING = [
  "Machine.CollectForensics",
  "Machine.Isolate",
  "Machine.RestrictExecution",
  "Machine.Scan",
  "Machine.Offboard",
  "Machine.StopAndQuarantine",
  "Machine.LiveResponse",
] as const;

export const LIBRARY = {
  application: ["Library.Manage"],
  delegated: ["Library.Manage"],
} as const satisfies PermissionRule;

export const APPROVE = {
  application: ["Halligan.Library.Approve"],
  delegated: ["Halligan.Library.Approve"],
} as const satisfies PermissionRule;

export const ADMIN = {
  application: ["Halligan.Admin"],
  delegated: ["Halligan.Admin"],
} as const satisfies PermissionRule;

/** For administrators, of whom users reach only the machines of their device groups. */
export const ADMIN_IN_SCOPE = { ...ADMIN, ...IN_SCOPE } as const satisfies PermissionRule;
