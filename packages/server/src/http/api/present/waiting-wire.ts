import type { WaitingWire } from "@halligan/protocol/api";
import type { Waiting } from "../../../domain/actions/progress/waiting-reason.ts";
import { wireTimeOrNull } from "./wire-time.ts";

/** What an unfinished action waits for. */
export function waitingWire(waiting: Waiting): WaitingWire {
  const times = {
    since: wireTimeOrNull(waiting.sinceMs),
    until: wireTimeOrNull(waiting.untilMs),
    detail: waiting.detail,
  };
  switch (waiting.reason) {
    case "DeviceOffline":
      return { reason: waiting.reason, ...times, lastSeen: wireTimeOrNull(waiting.lastSeenMs) };
    case "DeviceOfflineWhileRunning":
      return {
        reason: waiting.reason,
        ...times,
        lastSeen: wireTimeOrNull(waiting.lastSeenMs),
        index: waiting.index,
      };
    case "SessionLimit":
      return { reason: waiting.reason, ...times, position: waiting.position };
    case "PreviousActionEnding":
      return { reason: waiting.reason, ...times, actionId: waiting.actionId };
    case "DeviceQuarantined":
    case "NotBefore":
    case "Dispatching":
      return { reason: waiting.reason, ...times };
    default:
      return { reason: waiting.reason, ...times, index: waiting.index };
  }
}
