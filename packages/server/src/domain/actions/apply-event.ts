import type { MachineActionStatus } from "@halligan/protocol/api";
import { pauseBound, resumeBound } from "./action-bound.ts";
import { type Command, isEnded, nextCommandStatus, type StoredResult } from "./command.ts";
import {
  type ActionEventType,
  type EventRefusal,
  HRESULT,
  isFinal,
  keepsBytes,
  type MachineAction,
  type MachineActionEvent,
  TRANSITIONS,
  type Transition,
  withSent,
} from "./machine-action.ts";
import { refusalNote, type StorageCode } from "./transfer-refusal.ts";

/** Pure. `nowMs`: Unix milliseconds from the caller's clock. */
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
    return { kind: "anotherStart", detail: `command ${index} was started twice` };
  }
  if (!inTurn(action, index)) return outOfTurn(action, `command ${index} was started out of turn`);
  const status = nextCommandStatus(command.status, "started");
  if (!status) return { kind: "unchanged", action };
  const recorded = withCommand(action, index, { status, startId, startedAtMs: nowMs });
  const nextStatus = rowOf(action).started ?? action.status;
  return {
    kind: "changed",
    // A running action has no clock of its own while its device is linked; the lost-device clock
    // starts when the link ends.
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
  if (!status) return { kind: "unchanged", action };
  const { endedAgoMs, errors, result } = event;
  // A clock that was set back between the start and the end makes no end before its start.
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
  if (isFinal(action.status)) return { kind: "changed", action: recorded };
  if (event.outcome === "failed") return finish(recorded, "failed", nowMs);
  if (event.index === action.commands.length - 1) return finish(recorded, "succeeded", nowMs);
  return { kind: "changed", action: { ...recorded, status: "InProgress", deadlineMs: null } };
}

/** The device reported the last thing it had to report: its order is closed by that. */
function finish(action: MachineAction, event: "succeeded" | "failed", nowMs: number): Transition {
  return move(action, event, nowMs, (moved) => ({
    ...moved,
    errorHResult: event === "failed" ? HRESULT.failed : HRESULT.none,
    order: moved.order && { ...moved.order, state: "closed" },
  }));
}

/**
 * The command counts as ended from now on, so that a late report changes nothing. Its device is
 * still to end the order.
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
  if (isFinal(action.status)) return { kind: action.order?.state === "out" ? "changed" : "unchanged", action: closed };
  const index = action.commands.findIndex((command) => !isEnded(command));
  const recorded =
    index < 0 ? closed : withCommand(closed, index, { status: "Failed", endedAtMs: nowMs, errors: [reason] });
  return move(recorded, "failed", nowMs, (moved) => ({ ...moved, errorHResult: HRESULT.failed }));
}

const ENDED_UNASKED =
  "The device ended this action at the word of a server whose records were set back since (restored from a backup)";

/**
 * After a cancel or a time-out the device confirms that nothing runs any more. What it could not
 * kill is said on the command that ran. One that ended an unfinished action had an order to:
 * from this server, before its store was restored to an older state.
 */
function applyOrderClosed(action: MachineAction, errors: readonly string[], nowMs: number): Transition {
  if (!action.order) return illegal("the action was never sent to a device");
  if (!isFinal(action.status)) return applyLost(action, [ENDED_UNASKED, ...errors].join("; "), nowMs);
  if (action.order.state === "closed") return { kind: "unchanged", action };
  const closed: MachineAction = { ...action, order: { ...action.order, state: "closed" } };
  const ran = action.commands.findLastIndex((command) => command.startedAtMs !== null);
  const told = ran < 0 || errors.length === 0 ? closed : withErrors(closed, ran, errors);
  return { kind: "changed", action: touched(told, nowMs) };
}

/** The bytes are gone; what they were is still stated. */
function expired(result: StoredResult): StoredResult {
  const { sizeBytes, sha256, output } = result;
  const fileChange = result.kind === "inline" ? undefined : result.fileChange;
  return { kind: "expired", sizeBytes, sha256, ...(fileChange && { fileChange }), ...(output && { output }) };
}

/** A change for readers of the action, so that a wait has a reason; its status stays. */
function applyTransferRefused(action: MachineAction, index: number, code: StorageCode, nowMs: number): Transition {
  const command = action.commands[index];
  if (!command) return illegal(`the action has no command ${index}`);
  const { refusal } = command;
  if (isFinal(action.status) || isEnded(command) || (refusal?.code === code && refusal.untilMs === null)) {
    return { kind: "unchanged", action };
  }
  const sinceMs = refusal?.sinceMs ?? nowMs;
  // Without space the device can do nothing but wait. A quota is of what its own machine has sent.
  const bound = code === "InsufficientStorage" ? pauseBound(action.bound, nowMs) : action.bound;
  return {
    kind: "changed",
    action: touched({ ...withCommand(action, index, { refusal: { code, sinceMs, untilMs: null } }), bound }, nowMs),
  };
}

function applyTransferResumed(action: MachineAction, index: number, nowMs: number): Transition {
  const command = action.commands[index];
  if (!command) return illegal(`the action has no command ${index}`);
  const { refusal } = command;
  if (refusal?.untilMs !== null || isEnded(command)) return { kind: "unchanged", action };
  const bound = action.bound && resumeBound(action.bound, nowMs);
  return {
    kind: "changed",
    action: touched({ ...withCommand(action, index, { refusal: { ...refusal, untilMs: nowMs } }), bound }, nowMs),
  };
}

/** Not a change that a reader of the action looks for: its time of last update stays. */
function applyResultsExpired(action: MachineAction): Transition {
  if (!isFinal(action.status)) return illegal("results of an unfinished action do not expire");
  if (!keepsBytes(action)) return { kind: "unchanged", action };
  const commands = action.commands.map(
    ({ result, pin, ...command }): Command => ({
      ...command,
      result: result && expired(result),
      pin: pin && { sha256: pin.sha256, sizeBytes: pin.sizeBytes },
    }),
  );
  return { kind: "changed", action: { ...action, commands } };
}

function withErrors(action: MachineAction, index: number, errors: readonly string[]): MachineAction {
  return withCommand(action, index, { errors: [...(action.commands[index]?.errors ?? []), ...errors] });
}

function rowOf(action: MachineAction): Partial<Record<ActionEventType, MachineActionStatus>> {
  return TRANSITIONS[action.status];
}

function move(
  action: MachineAction,
  event: ActionEventType,
  nowMs: number,
  shape: (moved: MachineAction) => MachineAction,
): Transition {
  const status = rowOf(action)[event];
  if (!status) return { kind: "unchanged", action };
  const moved = touched(action, nowMs);
  return { kind: "changed", action: shape({ ...moved, status, finalAtMs: moved.updatedAtMs, deadlineMs: null }) };
}

/** Commands run one by one: a command's turn comes when all before it are Completed. */
function inTurn(action: MachineAction, index: number): boolean {
  return action.commands.slice(0, index).every((command) => command.status === "Completed");
}

/**
 * Of an action that was given up as lost, an honest device may have done more than was known here:
 * that is no news of any use.
 */
function outOfTurn(action: MachineAction, detail: string): Transition {
  return isFinal(action.status) ? { kind: "unchanged", action } : illegal(detail);
}

const touched = (action: MachineAction, nowMs: number): MachineAction => ({
  ...action,
  updatedAtMs: Math.max(nowMs, action.updatedAtMs),
});

const illegal = (detail: string): EventRefusal => ({ kind: "illegal", detail });

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
