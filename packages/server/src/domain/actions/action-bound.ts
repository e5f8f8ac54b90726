import { MAX_COMMANDS } from "@halligan/protocol/api";
import type { OrderLimits } from "@halligan/protocol/link";
import type { Command } from "./command.ts";
import { type ActionOptions, limitsWith, NO_OPTIONS, type OptionMaxima } from "./options/action-options.ts";

/**
 * When an action becomes final at the latest. The device has no influence on it: no heartbeat,
 * progress report, reconnect or late report moves the bound.
 *
 * The bound runs while the action holds a session slot. Its length is the sum of the limits of the
 * commands, and a grace. It pauses while the action has no slot because its device is offline, and
 * while the server itself has no space for the result. So an honest device that was offline for
 * hours has as much time as any other, and the time for which a device can hold a slot is bounded.
 * `latestMs` bounds the pauses.
 */
export interface ActionBound {
  /** The time at which the bound passes, if it runs. */
  untilMs: number;
  /** The action ends at this time even if the bound is paused. */
  latestMs: number;
  /**
   * Since when the bound is paused. In the future while the slot is kept for a grace. Null while
   * the bound runs.
   */
  pausedAtMs: number | null;
}

export interface BoundLimits {
  /**
   * Added to the limits of the commands: time for reports, for retries and for ending processes.
   */
  actionGraceMs: number;
  orderAcceptanceMs: number;
  lostMachineTimeoutMs: number;
  /**
   * Added because the slot is kept this long while the device is offline. It covers one such
   * absence.
   */
  sessionPlaceGraceMs: number;
  order: Pick<OrderLimits, "scriptTimeoutMs" | "transferTimeoutMs">;
}

/** What the length of a bound depends on. */
export interface BoundedAction {
  readonly commands: readonly Pick<Command, "type">[];
  readonly options: ActionOptions;
}

/** Longest time of one command: a script is fetched, runs, and its output is uploaded. */
function commandMs(
  { type }: Pick<Command, "type">,
  { scriptTimeoutMs, transferTimeoutMs }: BoundLimits["order"],
): number {
  return type === "RunScript" ? transferTimeoutMs + scriptTimeoutMs + transferTimeoutMs : transferTimeoutMs;
}

/**
 * The bound of an action that takes its slot now. `queueUntilMs`: until when it may wait for its
 * device; null: it no longer waits.
 */
export function newBound(
  { commands, options }: BoundedAction,
  limits: BoundLimits,
  queueUntilMs: number | null,
  nowMs: number,
): ActionBound {
  const order = limitsWith(options, limits.order);
  const workMs = commands.reduce((sum, command) => sum + commandMs(command, order), 0);
  const untilMs = nowMs + limits.orderAcceptanceMs + workMs + limits.sessionPlaceGraceMs + limits.actionGraceMs;
  const queueMs = Math.max(0, (queueUntilMs ?? nowMs) - nowMs);
  return { untilMs, latestMs: untilMs + queueMs + limits.lostMachineTimeoutMs, pausedAtMs: null };
}

/**
 * The longest time between the acceptance of an action and its end, whatever its commands and
 * options are.
 */
export function longestActionMs(limits: BoundLimits & { queueTimeoutMs: number; options: OptionMaxima }): number {
  const commands = Array.from({ length: MAX_COMMANDS }, () => ({ type: "RunScript" }) as const);
  const scriptTimeoutMs = Math.max(limits.order.scriptTimeoutMs, limits.options.scriptTimeoutMs);
  const queueMs = Math.max(limits.queueTimeoutMs, limits.options.queueTimeoutMs);
  // It may get its slot at the end of its time in the queue, which begins at its start time.
  const waitMs = limits.options.notBeforeMs + queueMs;
  return waitMs + newBound({ commands, options: { ...NO_OPTIONS, scriptTimeoutMs } }, limits, queueMs, 0).latestMs;
}

/**
 * A bound that passes before the pause begins is not changed. Otherwise a device that reconnects
 * would move it.
 */
const passesFirst = ({ untilMs, pausedAtMs }: ActionBound): boolean => pausedAtMs === null || untilMs <= pausedAtMs;

/** The time that is compared with the clock. */
export function boundEndsMs(bound: ActionBound): number {
  return passesFirst(bound) ? Math.min(bound.untilMs, bound.latestMs) : bound.latestMs;
}

/** A pause that has begun continues. */
export function pauseBound(bound: ActionBound | null, atMs: number): ActionBound | null {
  return bound && { ...bound, pausedAtMs: Math.min(bound.pausedAtMs ?? atMs, atMs) };
}

/** Adds only the length of the pause. A clock that was set back adds nothing. */
export function resumeBound(bound: ActionBound, nowMs: number): ActionBound {
  const pausedMs = bound.pausedAtMs === null || passesFirst(bound) ? 0 : Math.max(0, nowMs - bound.pausedAtMs);
  return { ...bound, untilMs: bound.untilMs + pausedMs, pausedAtMs: null };
}
