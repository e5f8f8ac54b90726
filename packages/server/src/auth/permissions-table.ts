import type { DelegatedPermission, Permission } from "@halligan/protocol/api";

/** What a user needs beside the scope of the token; the use case sees to it, because it depends on the machine. */
export type UserRight = "device group of the machine";

/** Who may call an operation: any one of the permissions is enough. */
export interface PermissionRule {
  /** For applications (`roles`). */
  readonly application: readonly [Permission, ...Permission[]];
  /** For users (`scp`). */
  readonly delegated: readonly [DelegatedPermission, ...DelegatedPermission[]];
  readonly needsUserRight?: UserRight;
}

const IN_REACH = { needsUserRight: "device group of the machine" } as const;

const READ = {
  application: ["Machine.Read.All", "Machine.ReadWrite.All"],
  delegated: ["Machine.Read", "Machine.ReadWrite"],
  ...IN_REACH,
} as const;

const WRITE = { application: ["Machine.ReadWrite.All"], delegated: ["Machine.ReadWrite"], ...IN_REACH } as const;

const LIBRARY = { application: ["Library.Manage"], delegated: ["Library.Manage"] } as const;
const APPROVE = { application: ["Halligan.Library.Approve"], delegated: ["Halligan.Library.Approve"] } as const;
const ADMIN = { application: ["Halligan.Admin"], delegated: ["Halligan.Admin"] } as const;

const ACTING = [
  "Machine.CollectForensics",
  "Machine.Isolate",
  "Machine.RestrictExecution",
  "Machine.Scan",
  "Machine.Offboard",
  "Machine.StopAndQuarantine",
  "Machine.LiveResponse",
] as const;

/**
 * Who may what: one row for each operation that asks for a token, by its name in the route table.
 * `docs/contract/http-api.md#permissions`, for the result link `docs/contract/choices.md#results`.
 * An operation without a row cannot be given `permitted(...)`.
 */
export const PERMISSION_TABLE = {
  RunLiveResponse: { application: ["Machine.LiveResponse"], delegated: ["Machine.LiveResponse"], ...IN_REACH },
  // For content that is not of the library the use case asks for Library.Manage as well.
  StartLiveResponse: { application: ["Machine.LiveResponse"], delegated: ["Machine.LiveResponse"], ...IN_REACH },
  StageContent: LIBRARY,
  // A user who may run it may fetch what it brought; reading alone is not enough for a user.
  // docs/contract/auth.md#permission-names.
  GetLiveResponseResultDownloadLink: {
    application: ["Machine.Read.All", "Machine.ReadWrite.All"],
    delegated: ["Machine.LiveResponse"],
    ...IN_REACH,
  },
  // It ends links of others, so reading alone is not enough.
  RevokeResultLinks: {
    application: ["Machine.ReadWrite.All", "Machine.LiveResponse"],
    delegated: ["Machine.LiveResponse"],
    ...IN_REACH,
  },
  CancelMachineAction: { application: ACTING, delegated: ACTING, ...IN_REACH },
  ListMachineActions: READ,
  GetMachineAction: READ,
  GetMachineActionTiming: READ,
  GetMachineActionResults: READ,
  GetMachineActionEvidence: READ,
  WatchMachineAction: READ,
  ListMachines: READ,
  GetMachine: READ,
  FindMachinesByTag: READ,
  FindMachinesByIp: READ,
  SetMachineTags: WRITE,
  // The two below exist for the connection tests of clients, which call them with whatever their
  // application has: docs/contract/clients-in-the-wild.md#paths. Neither gives anything away but
  // whether a machine is there.
  ListAlerts: {
    application: ["Machine.Read.All", "Machine.ReadWrite.All", "Machine.LiveResponse"],
    delegated: ["Machine.Read", "Machine.ReadWrite", "Machine.LiveResponse"],
  },
  UnsupportedMachineAction: {
    application: [...ACTING, "Machine.Read.All", "Machine.ReadWrite.All"],
    delegated: [...ACTING, "Machine.Read", "Machine.ReadWrite"],
    ...IN_REACH,
  },
  ListLibraryFiles: LIBRARY,
  UploadLibraryFile: LIBRARY,
  DeleteLibraryFile: LIBRARY,
  // Who may run a file by its name may see what the name stands for, to pin it.
  GetLibraryFile: {
    application: ["Library.Manage", "Machine.LiveResponse"],
    delegated: ["Library.Manage", "Machine.LiveResponse"],
  },
  PutLibraryFile: LIBRARY,
  // Who approves bytes reads them first.
  GetLibraryFileContent: {
    application: ["Library.Manage", "Halligan.Library.Approve"],
    delegated: ["Library.Manage", "Halligan.Library.Approve"],
  },
  ListLibraryFileVersions: LIBRARY,
  ApproveLibraryContent: APPROVE,
  WithdrawLibraryApproval: APPROVE,
  ListLibraryApprovals: {
    application: ["Halligan.Library.Approve", "Library.Manage", "Machine.LiveResponse"],
    delegated: ["Halligan.Library.Approve", "Library.Manage", "Machine.LiveResponse"],
  },
  ListMachineDetails: READ,
  GetMachineDetails: READ,
  RenameMachine: WRITE,
  ReplaceMachineTags: WRITE,
  // Defender's own permission to take a device out of service, and the administrator's.
  RetireMachine: {
    application: ["Machine.Offboard", "Halligan.Admin"],
    delegated: ["Machine.Offboard", "Halligan.Admin"],
    ...IN_REACH,
  },
  ReinstateMachine: { ...ADMIN, ...IN_REACH },
  DeleteMachine: { ...ADMIN, ...IN_REACH },
  // Defender's own permission to cut a device off, and the administrator's.
  QuarantineMachine: {
    application: ["Machine.Isolate", "Halligan.Admin"],
    delegated: ["Machine.Isolate", "Halligan.Admin"],
    ...IN_REACH,
  },
  ReleaseMachine: { ...ADMIN, ...IN_REACH },
  CreateEnrollmentToken: ADMIN,
  ListEnrollmentTokens: ADMIN,
  RevokeEnrollmentToken: ADMIN,
  CreateApplication: ADMIN,
  ListApplications: ADMIN,
  DeleteApplication: ADMIN,
  DeleteApplicationSecret: ADMIN,
  AddApplicationSecret: ADMIN,
  RemoveApplicationSecret: ADMIN,
  RevokeApplicationTokens: ADMIN,
  BlockCaller: ADMIN,
  UnblockCaller: ADMIN,
  ListBlockedCallers: ADMIN,
  ListDeviceGroups: ADMIN,
  CreateDeviceGroup: ADMIN,
  UpdateDeviceGroup: ADMIN,
  DeleteDeviceGroup: ADMIN,
  SetMachineDeviceGroup: ADMIN,
  ListAudit: {
    application: ["Halligan.Audit.Read", "Halligan.Admin"],
    delegated: ["Halligan.Audit.Read", "Halligan.Admin"],
    ...IN_REACH,
  },
} as const satisfies Readonly<Record<string, PermissionRule>>;

/** An operation that asks for a token. */
export type PermittedOperation = keyof typeof PERMISSION_TABLE;
