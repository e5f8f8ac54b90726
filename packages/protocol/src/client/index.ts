export { type ClientOptions, createClient, type HalliganClient } from "./create-client.ts";
export { ApiError, TokenError, UnexpectedResponseError, UnreachableError } from "./errors.ts";
export { type ListOptions, odataText } from "./odata.ts";
export type { WatchOptions } from "./operations/action-events.ts";
export type { ActionOutput, WatchedChunk, WatchOutputOptions } from "./operations/action-output.ts";
export type { WaitOptions } from "./operations/action-wait.ts";
export type { AdministrationOperations } from "./operations/administration.ts";
export type { AuditExport, AuditExportOptions, AuditOperations, AuditOptions } from "./operations/audit.ts";
export type { DeviceGroupOperations } from "./operations/device-groups.ts";
export type { LibraryOperations, PutLibraryFileRequest } from "./operations/library.ts";
export type {
  CommandOutputOptions,
  FileDownloadOptions,
  MachineActionOperations,
} from "./operations/machine-actions.ts";
export type { MachineDetailsOptions, MachineOperations } from "./operations/machines.ts";
export type { ResultOperations } from "./operations/results.ts";
export type { CallOptions, StartOptions } from "./options.ts";
export type { ClientClock } from "./transport/clock.ts";
export type { Fetch } from "./transport/fetch-once.ts";
export type { WaitNotice } from "./transport/retry-policy.ts";
export { API_SCOPE, type ApplicationCredentials, type TokenProvider } from "./transport/token-source.ts";
