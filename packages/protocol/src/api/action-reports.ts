/** Halligan's own interface: what else is known of one action. */
import { type Static, Type } from "typebox";
import { FileChange } from "../link/file-change.ts";
import {
  MachineActionStatusWire,
  MachineActionWire,
  TranscriptWire,
  TransferWire,
  WaitingWire,
} from "./machine-action.ts";

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
  /** What an unfinished action waits for on the server. Not there before 0.2. */
  waiting: Type.Optional(Type.Array(WaitingWire)),
});
export type ActionTimingWire = Static<typeof ActionTimingWire>;

/** How a file changed on its device while it was collected. */
export const FileChangeWire = Type.Object(FileChange.properties);
export type FileChangeWire = Static<typeof FileChangeWire>;

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
      /** Of the download: the gzip of a collected file. */
      sizeBytes: Type.Integer(),
      sha256: Type.String(),
      /** False when the time for which results are kept is over. */
      isAvailable: Type.Boolean(),
      /** Null when the file did not change, and for a script. */
      fileChange: Type.Union([FileChangeWire, Type.Null()]),
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
 * The contract's entity, and with it the small transcripts of a final action. `results` is absent
 * when no result may be in the response: without a final status, without the permission, or when
 * no result was asked for. A command without an entry may still have a result: a collected file, or
 * a transcript that is too large. `GetLiveResponseResultDownloadLink` gives it.
 */
export const ActionWithResultsWire = Type.Object({
  ...MachineActionWire.properties,
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
