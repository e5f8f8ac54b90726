import { FINAL_STATUSES, type MachineActionStatus } from "@halligan/protocol/api";
import { type ActionBound, pauseBound, resumeBound } from "./action-bound.ts";
import { type Command, isEnded, type ListedCommand, nextCommandStatus, type StoredResult } from "./command.ts";
import type { SessionPlace } from "./session-places.ts";
import { refusalNote, type StorageCode } from "./transfer-refusal.ts";

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

type ActionEventType = "started" | "succeeded" | "failed" | "cancelled" | "expired";

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
  linkEpoch: number;
  claimedAtMs: number;
  /**
   * When it was first sent on a connection. Stored with the next write of the action, so it costs
   * no write of its own.
   */
  sentAtMs: number | null;
  state: "out" | "closed";
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
  options: { readonly keepProcesses: boolean };
  commands: readonly Command[];
  order: OrderState | null;
  /** Whether it counts as a running session; see `domain/actions/session-places.ts`. */
  place: SessionPlace;
  /** When it becomes final at the latest; null before it takes a slot. */
  bound: ActionBound | null;
  /** Incremented by each save. A save that finds another number fails. */
  version: number;
}

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

/**
 * An event that no honest device sends: an end out of turn, or a command that the action does not
 * have.
 */
export interface IllegalEvent {
  code: "IllegalEvent";
  detail: string;
}

/**
 * The command has a start with another id. A device starts a command only once, so a second device
 * uses its key.
 */
export interface AnotherStart {
  code: "AnotherStart";
  detail: string;
}

export type Transition = { changed: boolean; action: MachineAction } | IllegalEvent | AnotherStart;

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

/**
 * Pure. `nowMs`: Unix milliseconds from the caller's clock. `changed: false`: the event was handled
 * before, so there is nothing to save.
 */
export function applyEvent(action: MachineAction, event: MachineActionEvent, nowMs: number): Transition {
  switch (event.type) {
    case "started":
      return applyStarted(action, event, nowMs);
    case "ended":
      return applyEnded(action, event, nowMs);
    case "cancelled":
      return move(action, "cancelled", nowMs, (moved) => ({
        ...moved,
        cancellation: { requestor: event.requestor, comment: event.comment, atMs: nowMs },
        errorHResult: HRESULT.cancelled,
      }));
    case "expired":
      return move(action, "expired", nowMs, (moved) => ({ ...moved, errorHResult: HRESULT.timedOut }));
    case "overran":
      return applyOverran(action, event.reason, nowMs);
    case "transferRefused":
      return applyTransferRefused(action, event.index, event.code, nowMs);
    case "transferResumed":
      return applyTransferResumed(action, event.index, nowMs);
    case "lost":
      return applyLost(action, event.reason, nowMs);
    case "orderClosed":
      return applyOrderClosed(action, event.errors, nowMs);
    case "resultsExpired":
      return applyResultsExpired(action);
  }
}

function applyStarted(
  action: MachineAction,
  { index, startId, sentAtMs = null }: Extract<MachineActionEvent, { type: "started" }>,
  nowMs: number,
): Transition {
  const command = action.commands[index];
  if (!command) return illegal(`the action has no command ${index}`);
  if (command.startId !== null && command.startId !== startId) {
    return { code: "AnotherStart", detail: `command ${index} was started twice` };
  }
  if (!inTurn(action, index)) return outOfTurn(action, `command ${index} was started out of turn`);
  const status = nextCommandStatus(command.status, "started");
  if (!status) return { changed: false, action };
  const recorded = withCommand(action, index, { status, startId, startedAtMs: nowMs });
  const moved = TRANSITIONS[action.status];
  const nextStatus = "started" in moved ? moved.started : action.status;
  return {
    changed: true,
    // A running action has no deadline while its device is connected. The deadline for a lost
    // device begins when the connection ends.
    action: {
      ...touched(withSent(recorded, sentAtMs), nowMs),
      status: nextStatus,
      deadlineMs: isFinal(nextStatus) ? action.deadlineMs : null,
    },
  };
}

function applyEnded(
  action: MachineAction,
  event: Extract<MachineActionEvent, { type: "ended" }>,
  nowMs: number,
): Transition {
  const command = action.commands[event.index];
  if (!command) return illegal(`the action has no command ${event.index}`);
  if (!inTurn(action, event.index)) return outOfTurn(action, `command ${event.index} ended out of turn`);
  if (event.outcome === "failed" && event.errors.length === 0) return illegal("a failed command must say why");
  const status = nextCommandStatus(command.status, event.outcome);
  if (!status) return { changed: false, action };
  const { endedAgoMs, errors, result } = event;
  // The clock may have been set back between start and end. The end is still never before the
  // start.
  const finishedAtMs =
    endedAgoMs === undefined ? null : Math.max(nowMs - endedAgoMs, Math.min(command.startedAtMs ?? 0, nowMs));
  const { refusal } = command;
  const told = refusal ? [...errors, refusalNote(refusal, nowMs)] : errors;
  const recorded = touched(
    withoutRefusal(
      withCommand(action, event.index, { status, finishedAtMs, endedAtMs: nowMs, errors: told, result }),
      event.index,
    ),
    nowMs,
  );
  if (isFinal(action.status)) return { changed: true, action: recorded };
  if (event.outcome === "failed") return finish(recorded, "failed", nowMs);
  if (event.index === action.commands.length - 1) return finish(recorded, "succeeded", nowMs);
  return { changed: true, action: { ...recorded, status: "InProgress", deadlineMs: null } };
}

/** The device reported the last event of its order, which closes the order. */
function finish(action: MachineAction, event: "succeeded" | "failed", nowMs: number): Transition {
  return move(action, event, nowMs, (moved) => ({
    ...moved,
    errorHResult: event === "failed" ? HRESULT.failed : HRESULT.none,
    order: moved.order && { ...moved.order, state: "closed" },
  }));
}

/**
 * The command counts as ended from now on, so a late report changes nothing. Its device must still
 * end the order.
 */
function applyOverran(action: MachineAction, reason: string, nowMs: number): Transition {
  const index = action.commands.findIndex((command) => !isEnded(command));
  const recorded =
    isFinal(action.status) || index < 0
      ? action
      : withCommand(withoutRefusal(action, index), index, { status: "Failed", endedAtMs: nowMs, errors: [reason] });
  return move(recorded, "expired", nowMs, (moved) => ({ ...moved, errorHResult: HRESULT.timedOut }));
}

function applyLost(action: MachineAction, reason: string, nowMs: number): Transition {
  const closed: MachineAction = { ...action, order: action.order && { ...action.order, state: "closed" } };
  if (isFinal(action.status)) return { changed: action.order?.state === "out", action: closed };
  const index = action.commands.findIndex((command) => !isEnded(command));
  const recorded =
    index < 0 ? closed : withCommand(closed, index, { status: "Failed", endedAtMs: nowMs, errors: [reason] });
  return move(recorded, "failed", nowMs, (moved) => ({ ...moved, errorHResult: HRESULT.failed }));
}

const ENDED_UNASKED =
  "The device ended this action on an order of this server whose record is missing (restored from a backup)";

/**
 * After a cancel or a time-out the device confirms that nothing runs any more. The errors name the
 * processes that could not be killed; they are added to the command that ran last. If the action is
 * still unfinished here, this server ordered the end before its store was restored to an older
 * state.
 */
function applyOrderClosed(action: MachineAction, errors: readonly string[], nowMs: number): Transition {
  if (!action.order) return illegal("the action was never sent to a device");
  if (!isFinal(action.status)) return applyLost(action, [ENDED_UNASKED, ...errors].join("; "), nowMs);
  if (action.order.state === "closed") return { changed: false, action };
  const closed: MachineAction = { ...action, order: { ...action.order, state: "closed" } };
  const ran = action.commands.findLastIndex((command) => command.startedAtMs !== null);
  const told = ran < 0 || errors.length === 0 ? closed : withErrors(closed, ran, errors);
  return { changed: true, action: touched(told, nowMs) };
}

/** The bytes were removed; their SHA-256 and size are still shown. */
function expired(result: StoredResult): StoredResult {
  const { sizeBytes, sha256 } = result;
  const fileChange = "fileChange" in result ? result.fileChange : undefined;
  return { kind: "expired", sizeBytes, sha256, ...(fileChange && { fileChange }) };
}

/** Readers of the action see this change, so that they know why it waits. The status stays. */
function applyTransferRefused(action: MachineAction, index: number, code: StorageCode, nowMs: number): Transition {
  const command = action.commands[index];
  if (!command) return illegal(`the action has no command ${index}`);
  const { refusal } = command;
  if (isFinal(action.status) || isEnded(command) || (refusal?.code === code && refusal.untilMs === null)) {
    return { changed: false, action };
  }
  const sinceMs = refusal?.sinceMs ?? nowMs;
  // Without space the device can only wait, so the bound pauses. It does not pause for a quota,
  // because a quota is filled by the machine's own uploads.
  const bound = code === "InsufficientStorage" ? pauseBound(action.bound, nowMs) : action.bound;
  return {
    changed: true,
    action: touched({ ...withCommand(action, index, { refusal: { code, sinceMs, untilMs: null } }), bound }, nowMs),
  };
}

function applyTransferResumed(action: MachineAction, index: number, nowMs: number): Transition {
  const command = action.commands[index];
  if (!command) return illegal(`the action has no command ${index}`);
  const { refusal } = command;
  if (refusal?.untilMs !== null || isEnded(command)) return { changed: false, action };
  const bound = action.bound && resumeBound(action.bound, nowMs);
  return {
    changed: true,
    action: touched({ ...withCommand(action, index, { refusal: { ...refusal, untilMs: nowMs } }), bound }, nowMs),
  };
}

/** Readers of the action do not look for this change, so the time of the last update stays. */
function applyResultsExpired(action: MachineAction): Transition {
  if (!isFinal(action.status)) return illegal("results of an unfinished action do not expire");
  if (!keepsBytes(action)) return { changed: false, action };
  const commands = action.commands.map(
    ({ result, pin, ...command }): Command => ({
      ...command,
      result: result && expired(result),
      pin: pin && { sha256: pin.sha256, sizeBytes: pin.sizeBytes },
    }),
  );
  return { changed: true, action: { ...action, commands } };
}

/** Whether there are bytes to keep: those of results, or content that came with the action. */
export const keepsBytes = (action: Pick<MachineAction, "commands">): boolean =>
  action.commands.some(({ result }) => result !== null && result.kind !== "expired") || contentIdsOf(action).length > 0;

/** Ids of the content that came with the action, each once, sorted. */
export const contentIdsOf = ({ commands }: Pick<MachineAction, "commands">): string[] =>
  [...new Set(commands.flatMap(({ pin }) => (pin?.contentId === undefined ? [] : [pin.contentId])))].sort();

function withErrors(action: MachineAction, index: number, errors: readonly string[]): MachineAction {
  return withCommand(action, index, { errors: [...(action.commands[index]?.errors ?? []), ...errors] });
}

function move(
  action: MachineAction,
  event: ActionEventType,
  nowMs: number,
  shape: (moved: MachineAction) => MachineAction,
): Transition {
  const row: Partial<Record<ActionEventType, MachineActionStatus>> = TRANSITIONS[action.status];
  const status = row[event];
  if (!status) return { changed: false, action };
  const moved = touched(action, nowMs);
  return { changed: true, action: shape({ ...moved, status, finalAtMs: moved.updatedAtMs, deadlineMs: null }) };
}

/** Commands run one by one. A command may start when all commands before it are Completed. */
function inTurn(action: MachineAction, index: number): boolean {
  return action.commands.slice(0, index).every((command) => command.status === "Completed");
}

/**
 * If an action was given up as lost, an honest device may have done more than the server knew. Such
 * a report has no further use.
 */
function outOfTurn(action: MachineAction, detail: string): Transition {
  return isFinal(action.status) ? { changed: false, action } : illegal(detail);
}

const touched = (action: MachineAction, nowMs: number): MachineAction => ({
  ...action,
  updatedAtMs: Math.max(nowMs, action.updatedAtMs),
});

const illegal = (detail: string): IllegalEvent => ({ code: "IllegalEvent", detail });

/** Sets when the order was sent on a connection. The first known time stays. */
export const withSent = (action: MachineAction, sentAtMs: number | null): MachineAction => ({
  ...action,
  order: action.order && { ...action.order, sentAtMs: action.order.sentAtMs ?? sentAtMs },
});

function withoutRefusal(action: MachineAction, index: number): MachineAction {
  return {
    ...action,
    commands: action.commands.map((command, i) => {
      if (i !== index) return command;
      const { refusal: _, ...rest } = command;
      return rest;
    }),
  };
}

/** Copy of `action` with command `index` changed. */
function withCommand(action: MachineAction, index: number, change: Partial<Command>): MachineAction {
  return {
    ...action,
    commands: action.commands.map((command, i) => (i === index ? { ...command, ...change } : command)),
  };
}
