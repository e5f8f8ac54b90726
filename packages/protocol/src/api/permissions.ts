/**
 * Application permissions that this server grants and checks: the contract's names, and Halligan's
 * own.
 */
export const PERMISSIONS = {
  "Machine.LiveResponse": "Run live response on a specific machine",
  "Machine.Read.All": "Read all machine profiles",
  "Machine.ReadWrite.All": "Read and write all machine information",
  "Library.Manage": "Manage live response library",
  "Machine.CollectForensics": "Collect forensics",
  "Machine.Isolate": "Isolate machine",
  "Machine.RestrictExecution": "Restrict code execution",
  "Machine.Scan": "Scan machine",
  "Machine.Offboard": "Offboard machine",
  "Machine.StopAndQuarantine": "Stop and quarantine",
  "Halligan.Admin": "Manage applications, enrollment tokens and settings of Halligan",
  "Halligan.Audit.Read": "Read the audit log of Halligan",
  "Halligan.Library.Override": "Replace and remove library files of others",
  "Halligan.Library.Approve": "Approve library content of others",
} as const;

export type Permission = keyof typeof PERMISSIONS;

export const isPermission = (name: string): name is Permission => Object.hasOwn(PERMISSIONS, name);

/**
 * What a user may grant an application to do in their name (`scp` claim).
 * `docs/contract/auth.md#permission-names`: read names have no `.All`.
 */
export const DELEGATED_PERMISSIONS = {
  "Machine.LiveResponse": "Run live response on a specific machine",
  "Machine.Read": "Read machine information",
  "Machine.ReadWrite": "Read and write machine information",
  "Library.Manage": "Manage live response library",
  "Machine.CollectForensics": "Collect forensics",
  "Machine.Isolate": "Isolate machine",
  "Machine.RestrictExecution": "Restrict code execution",
  "Machine.Scan": "Scan machine",
  "Machine.Offboard": "Offboard machine",
  "Machine.StopAndQuarantine": "Stop and quarantine",
  "Halligan.Admin": "Manage applications, enrollment tokens and settings of Halligan",
  "Halligan.Audit.Read": "Read the audit log of Halligan",
  "Halligan.Library.Override": "Replace and remove library files of others",
  "Halligan.Library.Approve": "Approve library content of others",
} as const;

export type DelegatedPermission = keyof typeof DELEGATED_PERMISSIONS;

export const isDelegatedPermission = (name: string): name is DelegatedPermission =>
  Object.hasOwn(DELEGATED_PERMISSIONS, name);
