import type { OrderLimits } from "@halligan/protocol/link";
import type { Command } from "./command.ts";

/**
 * When an action is final at the latest. Its device does not decide that: no heartbeat, progress, reconnect or late
 * report moves it.
 *
 * The bound runs while the action holds a session slot. Its length is what the commands may take by their own limits,
 * and a grace. It pauses while the slot is given up because the device is away, and while the server itself has no
 * space for the result. So an honest device that was away for hours has as long as any other, and the time for which
 * a device can hold a slot is bounded. `latestMs` bounds the pauses.
 */
export interface ActionBound {
  /** While the bound runs: when it passes. */
  untilMs: number;
  /** Passes whether the bound runs or not. */
  latestMs: number;
  /** Since when the bound does not run; in the future while the slot is kept for a grace. Null: it runs. */
  pausedAtMs: number | null;
}

export interface BoundLimits {
  /** Beyond what the commands may take: for reports, retries and ending processes. */
  actionGraceMs: number;
  orderAcceptanceMs: number;
  lostMachineTimeoutMs: number;
  /** The slot is kept this long while the device is away: one such absence is covered. */
  sessionPlaceGraceMs: number;
  order: Pick<OrderLimits, "scriptTimeoutMs" | "transferTimeoutMs">;
}

/** What one command may take: a script is fetched, runs, and its output is uploaded. */
function commandMs(
  { type }: Pick<Command, "type">,
  { scriptTimeoutMs, transferTimeoutMs }: BoundLimits["order"],
): number {
  return type === "RunScript" ? transferTimeoutMs + scriptTimeoutMs + transferTimeoutMs : transferTimeoutMs;
}

/** At the moment at which an action takes its slot. `queueUntilMs`: how long it may wait for its device; null: not any more. */
export function newBound(
  commands: readonly Pick<Command, "type">[],
  limits: BoundLimits,
  queueUntilMs: number | null,
  nowMs: number,
): ActionBound {
  const workMs = commands.reduce((sum, command) => sum + commandMs(command, limits.order), 0);
  const untilMs = nowMs + limits.orderAcceptanceMs + workMs + limits.sessionPlaceGraceMs + limits.actionGraceMs;
  const queueMs = Math.max(0, (queueUntilMs ?? nowMs) - nowMs);
  return { untilMs, latestMs: untilMs + queueMs + limits.lostMachineTimeoutMs, pausedAtMs: null };
}

/** It passes before the pause begins, so the pause changes nothing: else a device that reconnects would move it. */
const passesFirst = ({ untilMs, pausedAtMs }: ActionBound): boolean => pausedAtMs === null || untilMs <= pausedAtMs;

/** The moment that the clock is compared with. */
export function boundEndsMs(bound: ActionBound): number {
  return passesFirst(bound) ? Math.min(bound.untilMs, bound.latestMs) : bound.latestMs;
}

/** A pause that has begun goes on. */
export function pauseBound(bound: ActionBound | null, atMs: number): ActionBound | null {
  return bound && { ...bound, pausedAtMs: Math.min(bound.pausedAtMs ?? atMs, atMs) };
}

/** Only the time of the pause is added. A clock that was set back adds nothing. */
export function resumeBound(bound: ActionBound, nowMs: number): ActionBound {
  const pausedMs = bound.pausedAtMs === null || passesFirst(bound) ? 0 : Math.max(0, nowMs - bound.pausedAtMs);
  return { ...bound, untilMs: bound.untilMs + pausedMs, pausedAtMs: null };
}
