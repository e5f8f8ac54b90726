import type { WaitingReason, WaitingWire } from "@halligan/protocol/api";
import { formatDuration, formatTime } from "./text/units.ts";

/** The action makes progress: its device works on it, or is about to. */
const PROGRESS: ReadonlySet<WaitingReason> = new Set(["Dispatching", "StartNotGranted", "Running", "Transferring"]);

export const isProgress = ({ reason }: WaitingWire): boolean => PROGRESS.has(reason);

/** One line: what an action waits for, and when that ends at the latest. */
export function describeWaiting(waiting: WaitingWire, nowMs: number): string {
  const until = formatTime(waiting.until);
  return until === null ? waitedFor(waiting, nowMs) : `${waitedFor(waiting, nowMs)}; ${endOf(waiting)} ${until}`;
}

function waitedFor(waiting: WaitingWire, nowMs: number): string {
  switch (waiting.reason) {
    case "DeviceOffline":
      return `waits for the device: ${lastSeen(waiting.lastSeen, nowMs)}`;
    case "DeviceOfflineWhileRunning":
      return `waits for the device, which goes on with command ${waiting.index} by itself: ${lastSeen(waiting.lastSeen, nowMs)}`;
    case "NotBefore":
      return "waits for its start time";
    case "DeviceQuarantined":
      return `waits for an operator: ${waiting.detail}`;
    case "SessionLimit":
      return `waits for a session slot: it is number ${waiting.position} in the queue`;
    case "PreviousActionEnding":
      return `waits for the device to end action ${waiting.actionId}`;
    case "Dispatching":
      return "the device is connected, and the order is on its way";
    case "StartNotGranted":
      return `waits for the start of command ${waiting.index}`;
    case "Running":
      return `command ${waiting.index} runs`;
    case "Transferring":
      return `the file of command ${waiting.index} is transferred`;
    case "InsufficientStorage":
    case "ResultQuotaExceeded":
      return `command ${waiting.index} waits: ${waiting.detail}`;
  }
}

const endOf = ({ reason }: WaitingWire): string =>
  reason === "NotBefore"
    ? "it may start at"
    : reason === "Running" || reason === "Transferring"
      ? "its time is over at"
      : "the action times out at";

function lastSeen(isoTime: string | null, nowMs: number): string {
  if (isoTime === null) return "it has not connected yet";
  const agoMs = nowMs - Date.parse(isoTime);
  // The clocks of the server and of this computer can differ.
  return Number.isNaN(agoMs) ? "it is not connected" : `it was last seen ${formatDuration(Math.max(0, agoMs))} ago`;
}
