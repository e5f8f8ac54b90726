/**
 * Operations that are recorded, by their names in the route table. The names are repeated here
 * because a service knows nothing of HTTP; a test compares them with the table.
 */
export const RECORDED_OPERATIONS = [
  "RunLiveResponse",
  "CancelMachineAction",
  "StageContent",
  "GetLiveResponseResultDownloadLink",
  "WatchMachineActionOutput",
  "RevokeResultLinks",
  "SetMachineTags",
  "ReplaceMachineTags",
  "RenameMachine",
  "SetMachineDeviceGroup",
  "RetireMachine",
  "ReinstateMachine",
  "DeleteMachine",
  "QuarantineMachine",
  "ReleaseMachine",
  "UploadLibraryFile",
  "PutLibraryFile",
  "DeleteLibraryFile",
  "ApproveLibraryContent",
  "WithdrawLibraryApproval",
  "CreateEnrollmentToken",
  "RevokeEnrollmentToken",
  "Enroll",
  "CreateApplication",
  "DeleteApplication",
  "DeleteApplicationSecret",
  "AddApplicationSecret",
  "RemoveApplicationSecret",
  "RevokeApplicationTokens",
  "BlockCaller",
  "UnblockCaller",
  "CreateDeviceGroup",
  "UpdateDeviceGroup",
  "DeleteDeviceGroup",
] as const;

/**
 * Recorded events that are not operations of the route table: which program or person causes each
 * one, and when.
 */
export const BACKGROUND_EVENTS = {
  FailedAuthentications: "the server, once a minute for each address and kind of credential that failed",
  OrderClaimed: "the server, when it gives an action's order to the machine",
  MachineActionEnded: "the machine when it reports the end, the server when a deadline passed",
  OrderRefused: "the machine, when it refuses an order",
  LibraryContentRemoved: "the retention of replaced and deleted library files",
  ResetAdministrator: "an operator, by halligan-server admin reset",
  ResultsExpired: "the server, when the bytes of an action's results are removed",
} as const satisfies Record<string, string>;

/**
 * The names that a record may have: those of the route table, so that a reader finds the operation
 * in the documentation of the API, and those of background events.
 */
export type AuditedOperation = (typeof RECORDED_OPERATIONS)[number] | keyof typeof BACKGROUND_EVENTS;

/**
 * Names in older records, each with the operations that it stood for. Existing records keep them.
 */
const FORMER_NAMES: Readonly<Record<string, readonly AuditedOperation[]>> = {
  AddLibraryFile: ["UploadLibraryFile", "PutLibraryFile"],
  RemoveLibraryFile: ["DeleteLibraryFile"],
  RemoveApplication: ["DeleteApplication"],
  EnrollMachine: ["Enroll"],
};

/**
 * Operations of the route table that are recorded under the name of another one, because they have
 * the same effect. A search for starts finds all of them under one name.
 */
export const RECORDED_AS: Readonly<Record<string, AuditedOperation>> = {
  StartLiveResponse: "RunLiveResponse",
  DownloadCommandFile: "GetLiveResponseResultDownloadLink",
  DownloadCommandOutput: "GetLiveResponseResultDownloadLink",
};

/**
 * All names under which records of an operation may be stored. `operation` may be any of these
 * names, in any letter case.
 */
export function recordedNames(operation: string): readonly string[] {
  const isAsked = (name: string) => name.toLowerCase() === operation.toLowerCase();
  const others = Object.entries(FORMER_NAMES).flatMap(([former, present]): readonly string[] => {
    if (isAsked(former)) return present;
    return present.some(isAsked) ? [former] : [];
  });
  const recorded = Object.entries(RECORDED_AS).flatMap(([name, as]) => (isAsked(name) ? [as] : []));
  return [operation, ...others, ...recorded];
}
