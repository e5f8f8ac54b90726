/** Halligan's own interface: what else is known of one action. */
import { type Static, type TProperties, Type } from "typebox";
import { FileChange } from "../link/file-change.ts";
import { MachineActionStatusWire, MachineActionWire, TranscriptWire, TransferWire } from "./machine-action.ts";
import { ActionOptions } from "./start-live-response.ts";

/** What the caller of a start has chosen for its action. */
export const ActionOptionsWire = Type.Object(ActionOptions.properties);
export type ActionOptionsWire = Static<typeof ActionOptionsWire>;

/** The variables of `secretEnv`; absent without secrets. Values are never shown. */
const secretNames = Type.Optional(Type.Array(Type.String()));

const TimeOrNull = Type.Union([Type.String(), Type.Null()]);

const waitingFor = <R extends string, F extends TProperties>(reason: R, fields: F) =>
  Type.Object({
    reason: Type.Literal(reason),
    /** Since when the action waits for this; null when it is not known. */
    since: TimeOrNull,
    /** When the wait ends at the latest; null when nothing limits it. */
    until: TimeOrNull,
    /** For people: what is waited for, and what ends the wait. */
    detail: Type.String(),
    ...fields,
  });

/** `index`: of the command. */
const ofCommand = { index: Type.Integer() };
/** `lastSeen`: when the device was last connected; null when it never was. */
const ofDevice = { lastSeen: TimeOrNull };

/**
 * What an unfinished action waits for: exactly one reason at a time, and none after its end. The
 * list is closed. `docs/decisions/0043-waiting-reasons.md` has the rules.
 */
export const WaitingWire = Type.Union([
  /** Its `notBefore` has not come; `until` has it. */
  waitingFor("NotBefore", {}),
  /** The device has no connection, and nothing of the action is known to have started. */
  waitingFor("DeviceOffline", ofDevice),
  /** The machine is in quarantine, and an operator has to decide. */
  waitingFor("DeviceQuarantined", {}),
  /** All session slots are in use. `position` is 1 for the action that gets the next free slot. */
  waitingFor("SessionLimit", { position: Type.Integer({ minimum: 1 }) }),
  /**
   * The order of an earlier action, `actionId`, may still run on the device, or, for an action with
   * `notBefore`, that action has not ended.
   */
  waitingFor("PreviousActionEnding", { actionId: Type.String() }),
  /** The device is connected, the order is sent or about to be sent, and no start is recorded. */
  waitingFor("Dispatching", {}),
  /** A command has ended, and the start of the next one, `index`, is not recorded. */
  waitingFor("StartNotGranted", ofCommand),
  /** A script runs. */
  waitingFor("Running", ofCommand),
  /** A file is sent to the device or collected from it. */
  waitingFor("Transferring", ofCommand),
  /** Something has started, and the device has no connection. */
  waitingFor("DeviceOfflineWhileRunning", { ...ofDevice, ...ofCommand }),
  /** The server has no space for the result of the command. The device retries. */
  waitingFor("InsufficientStorage", ofCommand),
  /** A quota for results is used up. The device retries. */
  waitingFor("ResultQuotaExceeded", ofCommand),
]);
export type WaitingWire = Static<typeof WaitingWire>;
export type WaitingReason = WaitingWire["reason"];

/**
 * `GET /halligan/v1/actions/{id}/timing`: the moments of an action's way that are known, in their
 * order. `ended` is when a command ended on its device, `uploaded` when all of its result was
 * durable on the server. The last step of a finished action is `final`.
 */
export const ActionTimingWire = Type.Object({
  actionId: Type.String(),
  status: MachineActionStatusWire,
  steps: Type.Array(
    Type.Object({
      step: Type.Union([
        Type.Literal("accepted"),
        Type.Literal("claimed"),
        Type.Literal("sent"),
        Type.Literal("started"),
        Type.Literal("ended"),
        Type.Literal("uploaded"),
        Type.Literal("final"),
      ]),
      /** Of the command; null for a step of the whole action. */
      index: Type.Union([Type.Integer(), Type.Null()]),
      at: Type.String(),
      /** Milliseconds since the step before. Their sum is `totalMs`. */
      sinceMs: Type.Integer(),
    }),
  ),
  totalMs: Type.Integer(),
  /** What the action waits for: one entry while it is unfinished, none after. */
  waiting: Type.Optional(Type.Array(WaitingWire)),
  options: Type.Optional(ActionOptionsWire),
  secretNames,
});
export type ActionTimingWire = Static<typeof ActionTimingWire>;

/** How a file changed on its device while it was collected. */
export const FileChangeWire = Type.Object(FileChange.properties);
export type FileChangeWire = Static<typeof FileChangeWire>;

/** What a script wrote to one stream. `DownloadCommandOutput` has the bytes. */
export const StreamSummaryWire = Type.Object({
  /** Of the download. */
  sizeBytes: Type.Integer(),
  /** Written by the script in all. */
  writtenBytes: Type.Integer(),
  /**
   * Of these, in the download: the first ones, up to the limit of the action. When the disk of the
   * device was full, fewer than `sizeBytes`, because notes about the gaps are in the download too.
   */
  keptBytes: Type.Integer(),
  /** Whether the script wrote more than was kept. */
  truncated: Type.Boolean(),
});
export const OutputSummaryWire = Type.Object({ stdout: StreamSummaryWire, stderr: StreamSummaryWire });
export type OutputSummaryWire = Static<typeof OutputSummaryWire>;

/**
 * `GET /halligan/v1/actions/{id}/results`: what is known of each result, also after its bytes were
 * removed.
 */
export const ActionResultsWire = Type.Object({
  actionId: Type.String(),
  value: Type.Array(
    Type.Object({
      /** Of the command. */
      index: Type.Integer(),
      type: Type.Union([Type.Literal("RunScript"), Type.Literal("GetFile")]),
      /** Of the download. */
      fileName: Type.String(),
      /** Of the download: the gzip of a collected file or archive. */
      sizeBytes: Type.Integer(),
      sha256: Type.String(),
      /** False when the time for which results are kept is over. */
      isAvailable: Type.Boolean(),
      /** Present only for an archive. Its manifest has what is in it. */
      archive: Type.Optional(
        Type.Object({
          kind: Type.Union([Type.Literal("folder"), Type.Literal("pattern")]),
          maxFiles: Type.Integer(),
          maxBytes: Type.Integer(),
        }),
      ),
      /** Null when the file did not change, and for a script or an archive. */
      fileChange: Type.Union([FileChangeWire, Type.Null()]),
      /** Only of a script; absent when an older agent has not counted the bytes. */
      output: Type.Optional(OutputSummaryWire),
    }),
  ),
});
export type ActionResultsWire = Static<typeof ActionResultsWire>;

/**
 * `GET /halligan/v1/actions/{id}/evidence`: what the device signed about the end of each command
 * that has ended. How to verify it without the server: docs/operations.md.
 */
export const ActionEvidenceWire = Type.Object({
  actionId: Type.String(),
  machineId: Type.String(),
  value: Type.Array(
    Type.Object({
      /** Of the command. */
      index: Type.Integer(),
      type: Type.Union([Type.Literal("RunScript"), Type.Literal("GetFile"), Type.Literal("PutFile")]),
      /**
       * Null when the device did not sign: its agent has an earlier version, or the server ended
       * the command.
       */
      evidence: Type.Union([
        Type.Object({
          /**
           * JSON text as it was signed: machine, action, start, outcome, errors, exit code, size
           * and SHA-256 of the result.
           */
          payload: Type.String(),
          /** Ed25519, base64url, over `halligan-end-v1`, a line feed and the payload. */
          signature: Type.String(),
          /**
           * Raw Ed25519 key, base64url. The machine's id is the first 40 hex digits of its SHA-256.
           */
          publicKey: Type.String(),
        }),
        Type.Null(),
      ]),
    }),
  ),
});
export type ActionEvidenceWire = Static<typeof ActionEvidenceWire>;

/**
 * A transcript inside a response. What it contains is what the download of the result contains.
 * `index`: of the command.
 */
export const InlineResultWire = Type.Object({ index: Type.Integer(), transcript: TranscriptWire });
export type InlineResultWire = Static<typeof InlineResultWire>;

/**
 * The contract's entity, and with it what an unfinished action waits for, and the small transcripts
 * of a final one. `waiting` is absent in a final action, in the events of a stream, which have an
 * event for it, and in the response to a start that did not wait. `results` is absent
 * when no result may be in the response: without a final status, without the permission, or when
 * no result was asked for. A command without an entry may still have a result: a collected file, or
 * a transcript that is too large. `GetLiveResponseResultDownloadLink` gives it.
 */
export const ActionWithResultsWire = Type.Object({
  ...MachineActionWire.properties,
  waiting: Type.Optional(WaitingWire),
  /** What the caller chose when it started the action; absent when it chose nothing. */
  options: Type.Optional(ActionOptionsWire),
  secretNames,
  results: Type.Optional(Type.Array(InlineResultWire)),
});
export type ActionWithResultsWire = Static<typeof ActionWithResultsWire>;

/** The payloads of an action's event stream, by event name. Clients ignore unknown names. */
export const MACHINE_ACTION_EVENTS = {
  action: ActionWithResultsWire,
  transfer: TransferWire,
  waiting: WaitingWire,
} as const;
export type MachineActionEvent =
  | { event: "action"; data: ActionWithResultsWire }
  | { event: "transfer"; data: TransferWire }
  | { event: "waiting"; data: WaitingWire };

// `GET /halligan/v1/actions/{id}/output`: what the scripts of an action write, as it comes, and
// from their transcripts afterwards (docs/decisions/0048-live-output.md).

const StreamName = Type.Union([Type.Literal("stdout"), Type.Literal("stderr")]);

/** A command begins to be watched, or it has ended and all of its output was sent. */
export const OutputCommandWire = Type.Object({
  ...ofCommand,
  type: Type.String(),
  /** As `commandStatus` of the action. */
  status: Type.Union([Type.Literal("Created"), Type.Literal("Completed"), Type.Literal("Failed")]),
  /** The script's own. Null before its end, and when there is no transcript. */
  exitCode: Type.Union([Type.Integer(), Type.Null()]),
});

/** The next bytes of a stream: `text` when they are UTF-8, else `base64`. */
export const OutputChunkWire = Type.Object({
  ...ofCommand,
  stream: StreamName,
  /** Bytes of the stream before these. */
  offset: Type.Integer({ minimum: 0 }),
  text: Type.Optional(Type.String()),
  base64: Type.Optional(Type.String()),
});
export type OutputChunkWire = Static<typeof OutputChunkWire>;

/** The device has kept only a part of what the script has written. */
export const OutputTruncatedWire = Type.Object({
  ...ofCommand,
  stream: StreamName,
  sizeBytes: Type.Integer(),
  keptBytes: Type.Integer(),
});

/**
 * expired:      the output of the command is not there any more.
 * beyondOutput: the command has less output than the cursor says: the device has lost some of it,
 *               or the cursor is wrong. What the command writes from now on follows.
 */
export const OutputGapWire = Type.Object({
  ...ofCommand,
  reason: Type.Union([Type.Literal("expired"), Type.Literal("beyondOutput")]),
});

/** Something that a person should know. The stream goes on. */
export const OutputNoticeWire = Type.Object({
  ...ofCommand,
  code: Type.Union([Type.Literal("AgentWithoutLiveOutput"), Type.Literal("AgentOnAnotherNode")]),
  message: Type.String(),
});

/** The watcher took its events too slowly. It may go on from its last event id. */
export const OutputDroppedWire = Type.Object({ message: Type.String() });

/** The action is over, and everything was sent. */
export const OutputEndWire = Type.Object({ status: MachineActionStatusWire });

/** The payloads of the stream, by event name. Clients ignore unknown names. */
export const ACTION_OUTPUT_EVENTS = {
  command: OutputCommandWire,
  chunk: OutputChunkWire,
  truncated: OutputTruncatedWire,
  gap: OutputGapWire,
  notice: OutputNoticeWire,
  dropped: OutputDroppedWire,
  end: OutputEndWire,
} as const;
type Events = typeof ACTION_OUTPUT_EVENTS;
export type ActionOutputEvent = { [Name in keyof Events]: { event: Name; data: Static<Events[Name]> } }[keyof Events];
