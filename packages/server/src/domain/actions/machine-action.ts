import { FINAL_STATUSES, type MachineActionStatus } from "@halligan/protocol/api";
import type { ActionBound } from "./action-bound.ts";
import type { Command, ListedCommand, StoredResult } from "./command.ts";
import type { ActionOptions } from "./options/action-options.ts";
import type { ActionSecrets } from "./options/action-secrets.ts";
import type { SessionSlot } from "./session-slots.ts";
import type { StorageCode } from "./transfer-refusal.ts";

/**
 * One machine action: the durable unit of the queue.
 *
 * Pending:    accepted. It waits for its device, or was sent and no start was reported yet.
 * InProgress: the device recorded the start of a command in its journal.
 * Succeeded:  every command Completed.
 * Failed:     a command Failed (later ones stay Created), or the device no longer knows the
 *             outcome.
 * TimeOut:    the device did not connect in time, was silent for too long while running, or did not
 *             end within the action's bound (`domain/actions/action-bound.ts`).
 * Cancelled:  a caller cancelled it. Final on the server at once; the device then ends the process
 *             tree.
 *
 * A final status never changes. A start or end that arrives later is still recorded on its command,
 * because it is what happened on the device.
 */
export const TRANSITIONS = {
  Pending: {
    started: "InProgress",
    succeeded: "Succeeded",
    failed: "Failed",
    cancelled: "Cancelled",
    expired: "TimeOut",
  },
  InProgress: {
    started: "InProgress",
    succeeded: "Succeeded",
    failed: "Failed",
    cancelled: "Cancelled",
    expired: "TimeOut",
  },
  Succeeded: {},
  Failed: {},
  TimeOut: {},
  Cancelled: {},
} as const satisfies Record<MachineActionStatus, Partial<Record<ActionEventType, MachineActionStatus>>>;

export type ActionEventType = "started" | "succeeded" | "failed" | "cancelled" | "expired";

/**
 * The order that was sent to the device for this action. It is `out` until the device can no longer
 * run any part of it. The machine's next order is not sent before
 * (docs/architecture.md#what-happens-to-one-action).
 */
export interface OrderState {
  orderSeq: number;
  journalId: string;
  /**
   * The epoch of the connection that it was last sent on. Reports from an older connection are
   * refused.
   */
  connectionEpoch: number;
  claimedAtMs: number;
  /**
   * When it was first sent on a connection. Stored with the next write of the action, so it costs
   * no write of its own.
   */
  sentAtMs: number | null;
  state: "out" | "closed";
  /**
   * The process id of the device whose connection ended without its own record. The server may have
   * granted a start on it that no row shows. Null: every granted start is recorded.
   */
  startInDoubt: string | null;
}

export interface MachineAction {
  id: string;
  machineId: string;
  computerDnsName: string;
  status: MachineActionStatus;
  /** Shown on the wire: application name, or a user's principal name. */
  requestor: string;
  /** Client id or user id of the owner. Names may change; this id does not. */
  requestorId: string;
  /**
   * Client id of the application that asked, or that the user asked through. Null when the token
   * did not name it, and in rows that are older than this field.
   */
  application: string | null;
  comment: string;
  createdAtMs: number;
  updatedAtMs: number;
  /**
   * When its status became final; `updatedAtMs` may be later, because late reports change it. Null
   * before, and in rows of the first release.
   */
  finalAtMs: number | null;
  /**
   * When the current wait ends: the queue time of a Pending action, or the time for a lost device
   * of a running one. Null while neither limit applies.
   */
  deadlineMs: number | null;
  cancellation: { requestor: string; comment: string; atMs: number } | null;
  errorHResult: number;
  options: ActionOptions;
  /** Null when it has none. */
  secrets: ActionSecrets | null;
  /** Its start time, until it is released: `domain/actions/scheduled-start.ts`. */
  scheduledMs: number | null;
  commands: readonly Command[];
  order: OrderState | null;
  /** Whether it counts as a running session; see `domain/actions/session-slots.ts`. */
  slot: SessionSlot;
  /** When it becomes final at the latest; null before it takes a slot. */
  bound: ActionBound | null;
  /** Incremented by each save. A save that finds another number fails. */
  version: number;
}

/** As it was when it was accepted: what the response to its start says of it. */
export const asAccepted = (action: MachineAction): MachineAction => ({
  ...action,
  status: "Pending",
  updatedAtMs: action.createdAtMs,
  finalAtMs: null,
  cancellation: null,
  errorHResult: 0,
  commands: action.commands.map((command) => ({
    ...command,
    status: "Created",
    startId: null,
    startedAtMs: null,
    finishedAtMs: null,
    endedAtMs: null,
    errors: [],
    result: null,
  })),
});

/** The part of an action that a list shows: the fields of the wire form. */
export type ListedAction = Pick<
  MachineAction,
  | "id"
  | "machineId"
  | "computerDnsName"
  | "status"
  | "requestor"
  | "comment"
  | "createdAtMs"
  | "updatedAtMs"
  | "cancellation"
  | "errorHResult"
> & { commands: readonly ListedCommand[] };

export type MachineActionEvent =
  | {
      type: "started";
      index: number;
      startId: string;
      /**
       * When the order was sent on the connection that reports the start; null where that
       * connection did not send it.
       */
      sentAtMs?: number | null;
    }
  | {
      type: "ended";
      index: number;
      outcome: "completed" | "failed";
      errors: readonly string[];
      result: StoredResult | null;
      /** By the device's monotonic clock; absent when the device was restarted since. */
      endedAgoMs?: number | undefined;
    }
  | { type: "cancelled"; requestor: string; comment: string }
  | { type: "expired" }
  /** The bound has passed: the device has used all the time that its commands may take. */
  | { type: "overran"; reason: string }
  /** Bytes of its result were refused for lack of space. */
  | { type: "transferRefused"; index: number; code: StorageCode }
  /** Bytes of its result were accepted again. */
  | { type: "transferResumed"; index: number }
  /** The outcome is unknown: the device was wiped or rolled back, or refused the order. */
  | { type: "lost"; reason: string }
  /** No part of the order runs on the device any more. */
  | { type: "orderClosed"; errors: readonly string[] }
  /** The retention of its results, and of content that came with it, is over. */
  | { type: "resultsExpired" };

export type EventRefusal =
  /**
   * An event that no honest device sends: an end out of turn, or a command that the action does not
   * have.
   */
  | { kind: "illegal"; detail: string }
  /**
   * The command has a start with another id. A device starts a command only once, so a second
   * device uses its key.
   */
  | { kind: "anotherStart"; detail: string };

/** `unchanged`: the event was seen before, and there is nothing to save. */
export type Transition = { kind: "changed" | "unchanged"; action: MachineAction } | EventRefusal;

/** HRESULT codes as signed 32-bit numbers. Source: docs/contract/choices.md. */
export const HRESULT = {
  none: 0,
  failed: 0x80004005 | 0,
  timedOut: 0x800705b4 | 0,
  cancelled: 0x800704c7 | 0,
} as const;

/** The server has no space for the result of the running command. */
export const waitsForStorage = ({ commands }: Pick<MachineAction, "commands">): boolean =>
  commands.some(({ refusal }) => refusal?.code === "InsufficientStorage" && refusal.untilMs === null);

export const isFinal = (status: MachineActionStatus): boolean => FINAL_STATUSES.has(status);

/** Whether there are bytes to keep: of results, or of content that came with the action. */
export const keepsBytes = (action: Pick<MachineAction, "commands">): boolean =>
  action.commands.some(({ result }) => result !== null && result.kind !== "expired") || contentIdsOf(action).length > 0;

/** Ids of the content that came with the action, each once, sorted. */
export const contentIdsOf = ({ commands }: Pick<MachineAction, "commands">): string[] =>
  [...new Set(commands.flatMap(({ pin }) => (pin?.contentId === undefined ? [] : [pin.contentId])))].sort();

/** The moment at which the order was handed to a link; the first one that is known stays. */
export const withSent = (action: MachineAction, sentAtMs: number | null): MachineAction => ({
  ...action,
  order: action.order && { ...action.order, sentAtMs: action.order.sentAtMs ?? sentAtMs },
});
