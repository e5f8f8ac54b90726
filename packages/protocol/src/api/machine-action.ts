import { type Static, Type } from "typebox";

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()]);
const closed = { additionalProperties: false } as const;
/** The comment that people add to an action. Without NUL, which PostgreSQL cannot store. */
const Comment = Type.String({ maxLength: 8_192, pattern: "^[^\\u0000]*$" });

export const COMMAND_TYPES = ["PutFile", "RunScript", "GetFile"] as const;
export type CommandType = (typeof COMMAND_TYPES)[number];

/**
 * Keys of a command by type. All except `Args` are required.
 * `docs/contract/http-api.md#run-live-response`.
 */
export const COMMAND_KEYS = {
  PutFile: { required: ["FileName"], optional: [] },
  RunScript: { required: ["ScriptName"], optional: ["Args"] },
  GetFile: { required: ["Path"], optional: [] },
} as const satisfies Record<CommandType, { required: readonly string[]; optional: readonly string[] }>;

export const CommandParam = Type.Object({ key: Type.String(), value: Type.String() }, closed);
/** One command of a request. Responses repeat it in the same form. */
export const CommandRequest = Type.Object(
  {
    type: Type.Union([Type.Literal("PutFile"), Type.Literal("RunScript"), Type.Literal("GetFile")]),
    params: Type.Array(CommandParam, { maxItems: 8 }),
  },
  closed,
);
export type CommandRequest = Static<typeof CommandRequest>;

/** Most commands of one action. */
export const MAX_COMMANDS = 100;

export const RunLiveResponseRequest = Type.Object(
  {
    Commands: Type.Array(CommandRequest, { minItems: 1, maxItems: MAX_COMMANDS }),
    Comment,
  },
  closed,
);
export type RunLiveResponseRequest = Static<typeof RunLiveResponseRequest>;

export const CancelRequest = Type.Object({ Comment }, closed);
export type CancelRequest = Static<typeof CancelRequest>;

/** Exactly these six in responses. `docs/contract/lifecycle.md#machine-action-status`. */
export const MACHINE_ACTION_STATUSES = [
  "Pending",
  "InProgress",
  "Succeeded",
  "Failed",
  "TimeOut",
  "Cancelled",
] as const;
export type MachineActionStatus = Static<typeof MachineActionStatusWire>;
export const FINAL_STATUSES: ReadonlySet<MachineActionStatus> = new Set([
  "Succeeded",
  "Failed",
  "TimeOut",
  "Cancelled",
]);

/** Exactly these six in responses. `docs/contract/lifecycle.md#machine-action-status`. */
export const MachineActionStatusWire = Type.Union([
  Type.Literal("Pending"),
  Type.Literal("InProgress"),
  Type.Literal("Succeeded"),
  Type.Literal("Failed"),
  Type.Literal("TimeOut"),
  Type.Literal("Cancelled"),
]);

export const CommandStatusWire = Type.Object({
  index: Type.Integer(),
  startTime: nullable(Type.String()),
  endTime: nullable(Type.String()),
  commandStatus: Type.Union([Type.Literal("Created"), Type.Literal("Completed"), Type.Literal("Failed")]),
  errors: Type.Array(Type.String()),
  command: CommandRequest,
});
export type CommandStatusWire = Static<typeof CommandStatusWire>;

/**
 * The entity of `docs/contract/http-api.md#machine-action-entity`, keys in the order of real
 * captures, all of them always there.
 */
export const MachineActionWire = Type.Object({
  "@odata.context": Type.Optional(Type.String()),
  id: Type.String(),
  type: Type.String(),
  title: nullable(Type.String()),
  requestor: Type.String(),
  requestorComment: Type.String(),
  status: MachineActionStatusWire,
  machineId: Type.String(),
  computerDnsName: nullable(Type.String()),
  creationDateTimeUtc: Type.String(),
  lastUpdateDateTimeUtc: Type.String(),
  cancellationRequestor: nullable(Type.String()),
  cancellationComment: nullable(Type.String()),
  cancellationDateTimeUtc: nullable(Type.String()),
  errorHResult: Type.Integer(),
  scope: nullable(Type.String()),
  externalId: nullable(Type.String()),
  requestSource: Type.String(),
  relatedFileInfo: Type.Null(),
  commands: Type.Array(CommandStatusWire),
  troubleshootInfo: nullable(Type.String()),
});
export type MachineActionWire = Static<typeof MachineActionWire>;

/** The progress of a command's file. It decreases when the device starts the transfer again. */
export const TransferWire = Type.Object({ index: Type.Integer(), transferredBytes: Type.Integer() });
export type TransferWire = Static<typeof TransferWire>;

/** The response of `GetLiveResponseResultDownloadLink`. */
export const DownloadUrlWire = Type.Object({ "@odata.context": Type.String(), value: Type.String() });
export type DownloadUrlWire = Static<typeof DownloadUrlWire>;

/** Facts about one output stream that its text cannot express. */
const OutputFactsWire = Type.Object({
  /** Bytes that the script wrote. */
  sizeBytes: Type.Integer({ minimum: 0 }),
  /** Bytes of these that were kept. Smaller than `sizeBytes` when the output was cut. */
  keptBytes: Type.Integer({ minimum: 0 }),
  /** Length of the text in UTF-8 before the notes that the agent added at its end. */
  textBytes: Type.Integer({ minimum: 0 }),
  /** The stored output; present only when it is not valid UTF-8. */
  base64: Type.Optional(Type.String()),
});
export type OutputFactsWire = Static<typeof OutputFactsWire>;

/**
 * The downloaded result of a RunScript. `docs/contract/lifecycle.md#results`. Halligan adds the
 * member `halligan` only when a text is not exactly what the script wrote: cut, with a note of the
 * agent, or not UTF-8.
 */
export const TranscriptWire = Type.Object({
  script_name: Type.String(),
  exit_code: Type.Integer(),
  script_output: Type.String(),
  script_errors: Type.String(),
  halligan: Type.Optional(
    Type.Object({ stdout: Type.Optional(OutputFactsWire), stderr: Type.Optional(OutputFactsWire) }),
  ),
});
export type TranscriptWire = Static<typeof TranscriptWire>;
