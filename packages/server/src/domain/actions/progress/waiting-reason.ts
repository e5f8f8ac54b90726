import type { OrderLimits } from "@halligan/protocol/link";
import type { MachinePresence } from "../../machines/machine.ts";
import { boundEndsMs } from "../action-bound.ts";
import { type Command, isEnded } from "../command.ts";
import { isFinal, type MachineAction } from "../machine-action.ts";
import { limitsWith } from "../options/action-options.ts";
import { isScheduledLater, readyAtMs } from "../scheduled-start.ts";
import { refusalReason, type StorageCode } from "../transfer-refusal.ts";

/**
 * What an unfinished action waits for. The rules, first match wins:
 *
 * DeviceQuarantined:         the machine is in quarantine. Its open actions end with the same
 *                            commit, so this is seen only in a store that was changed by hand.
 * NotBefore:                 its start time has not come.
 * DeviceOfflineWhileRunning: the machine is not connected, and a command has started.
 * DeviceOffline:             the machine is not connected.
 * InsufficientStorage, ResultQuotaExceeded: the result of the present command is refused.
 * Running, Transferring:     the present command has started.
 * StartNotGranted:           an earlier command has ended, and the present one has not started.
 * PreviousActionEnding:      the order of an earlier action may still run on the device, or the
 *                            action is scheduled and another one comes first.
 * SessionLimit:              it has no session slot, and none is free for it.
 * Dispatching:               its order is sent or about to be sent.
 *
 * `sinceMs` is null when no stored fact has it. `untilMs` is when the server, or the device by the
 * limits in its order, ends the wait at the latest.
 */
export type Waiting = WaitTimes &
  (
    | { reason: "DeviceQuarantined" | "NotBefore" | "Dispatching" }
    | { reason: "DeviceOffline"; lastSeenMs: number | null }
    | { reason: "DeviceOfflineWhileRunning"; index: number; lastSeenMs: number | null }
    | { reason: "SessionLimit"; position: number }
    | { reason: "PreviousActionEnding"; actionId: string }
    | { reason: "StartNotGranted" | "Running" | "Transferring" | StorageCode; index: number }
  );

interface WaitTimes {
  sinceMs: number | null;
  untilMs: number | null;
  /** For people: what is waited for, and what ends the wait. */
  detail: string;
}

/** What is stored about the machine of an action and about the other actions. */
export interface WaitingFacts {
  machine: MachinePresence;
  /**
   * An earlier action of the machine that is final and has an order which is still out; for a
   * scheduled action also one that has not ended.
   */
  previous: Pick<MachineAction, "id" | "finalAtMs"> | null;
  /**
   * Its place among the sessions that wait for a slot, from 1, and how many slots are free. Null
   * when it holds a slot, or when sessions are not limited.
   */
  queue: { position: number; freeSlots: number } | null;
}

export type TimeLimits = Pick<OrderLimits, "scriptTimeoutMs" | "transferTimeoutMs">;

/** Null for a final action. `nowMs`: Unix milliseconds. */
export function waitingReason(
  action: MachineAction,
  facts: WaitingFacts,
  limits: TimeLimits,
  nowMs: number,
): Waiting | null {
  if (isFinal(action.status)) return null;
  const { machine } = facts;
  const endsMs = endsAtMs(action);
  if (machine.quarantined) return { reason: "DeviceQuarantined", sinceMs: null, untilMs: endsMs, detail: QUARANTINED };
  if (isScheduledLater(action, nowMs)) {
    return { reason: "NotBefore", sinceMs: action.createdAtMs, untilMs: action.scheduledMs, detail: NOT_BEFORE };
  }
  const index = presentIndex(action);
  const command = action.commands[index];
  const hasStarted = action.commands.some(({ status }) => status !== "Created");
  if (!machine.linked) return deviceIsAway(action, machine, hasStarted ? index : null);
  if (command?.refusal && command.refusal.untilMs === null) {
    const { code, sinceMs } = command.refusal;
    return { reason: code, index, sinceMs, untilMs: endsMs, detail: refusalReason(code) };
  }
  if (command?.status === "Executing")
    return executing(command, index, limitsWith(action.options, limits), endsMs, nowMs);
  if (hasStarted) {
    const sinceMs = Math.max(...action.commands.map(({ endedAtMs }) => endedAtMs ?? 0));
    return { reason: "StartNotGranted", index, sinceMs, untilMs: endsMs, detail: startNotGranted(index) };
  }
  return notStarted(action, facts, endsMs);
}

/** When the action becomes final at the latest, as far as its limits run at present. */
function endsAtMs({ deadlineMs, bound }: MachineAction): number | null {
  const boundMs = bound && boundEndsMs(bound);
  if (deadlineMs === null || boundMs === null) return deadlineMs ?? boundMs;
  return Math.min(deadlineMs, boundMs);
}

/** The first command that has not ended; the last one when all have. */
function presentIndex({ commands }: Pick<MachineAction, "commands">): number {
  const index = commands.findIndex((command) => !isEnded(command));
  return index < 0 ? commands.length - 1 : index;
}

/** `index`: of the command that has started, or comes next; null when nothing has started. */
function deviceIsAway(action: MachineAction, machine: MachinePresence, index: number | null): Waiting {
  const lastSeenMs = machine.hasConnected ? machine.lastSeenMs : null;
  const times = { sinceMs: Math.max(readyAtMs(action), lastSeenMs ?? 0), untilMs: endsAtMs(action) };
  const seen = lastSeenMs === null ? "it has not connected yet" : `it was last seen at ${textOf(lastSeenMs)}`;
  if (index === null) {
    const detail = `the device is not connected; ${seen}. The action goes on when it connects`;
    return { reason: "DeviceOffline", ...times, lastSeenMs, detail };
  }
  const detail = `the device is not connected; ${seen}. It goes on with the action by itself, and reports when it connects`;
  return { reason: "DeviceOfflineWhileRunning", ...times, lastSeenMs, index, detail };
}

function executing(
  { type, startedAtMs }: Pick<Command, "type" | "startedAtMs">,
  index: number,
  { scriptTimeoutMs, transferTimeoutMs }: TimeLimits,
  endsMs: number | null,
  nowMs: number,
): Waiting {
  const isScript = type === "RunScript";
  const limitMs = startedAtMs === null ? null : startedAtMs + (isScript ? scriptTimeoutMs : transferTimeoutMs);
  const isOver = limitMs !== null && limitMs <= nowMs;
  return {
    reason: isScript ? "Running" : "Transferring",
    index,
    sinceMs: startedAtMs,
    // After its limit the device still has to send the output and to report the end.
    untilMs: limitMs === null || isOver ? endsMs : Math.min(limitMs, endsMs ?? limitMs),
    detail: isOver ? overItsLimit(index, type) : withinItsLimit(index, type),
  };
}

function notStarted(
  action: MachineAction,
  { machine, previous, queue }: WaitingFacts,
  untilMs: number | null,
): Waiting {
  const { order } = action;
  const readyMs = readyAtMs(action);
  if (previous) {
    const sinceMs = Math.max(readyMs, previous.finalAtMs ?? 0);
    return {
      reason: "PreviousActionEnding",
      sinceMs,
      untilMs,
      actionId: previous.id,
      detail: previous.finalAtMs === null ? previousIsUnfinished(previous.id) : previousIsEnding(previous.id),
    };
  }
  // The connection began when its machine was last seen.
  const sinceMs = Math.max(readyMs, machine.lastSeenMs);
  if (queue && queue.position > queue.freeSlots) {
    const { position } = queue;
    return { reason: "SessionLimit", sinceMs, untilMs, position, detail: allSlotsInUse(position) };
  }
  const detail = `the device is connected, and the order is ${order?.sentAtMs ? "sent" : "on its way"}; the start of the first command ends this`;
  return { reason: "Dispatching", sinceMs: Math.max(sinceMs, order?.claimedAtMs ?? 0), untilMs, detail };
}

const QUARANTINED =
  "the machine is in quarantine and accepts no work until an operator releases it or enrolls the device again";

const NOT_BEFORE = "its start time has not come; until then the machine takes other actions";

const textOf = (ms: number): string => new Date(ms).toISOString();

const startNotGranted = (index: number): string =>
  `command ${index} comes next; the server has recorded no start of it, which the device asks for`;

const withinItsLimit = (index: number, type: Command["type"]): string =>
  type === "RunScript"
    ? `the script of command ${index} runs; its end, or its time limit on the device, ends this`
    : `the file of command ${index} is transferred; its end, or its time limit on the device, ends this`;

const overItsLimit = (index: number, type: Command["type"]): string =>
  type === "RunScript"
    ? `the time limit of command ${index} has passed; the device sends its output and reports its end`
    : `the time limit of command ${index} has passed; the device reports its end`;

const previousIsEnding = (actionId: string): string =>
  `action ${actionId} of this machine is over, and the device has not confirmed yet that nothing of it runs`;

const previousIsUnfinished = (actionId: string): string =>
  `action ${actionId} of this machine comes first, and it has not ended`;

const allSlotsInUse = (position: number): string =>
  `all session slots are in use; ${position - 1} ${position === 2 ? "action waits" : "actions wait"} in front of this one for a slot`;
