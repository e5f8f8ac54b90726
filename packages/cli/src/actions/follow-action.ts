import {
  type ActionWithResultsWire,
  FINAL_STATUSES,
  type MachineActionWire,
  type TransferWire,
  type WaitingWire,
} from "@halligan/protocol/api";
import type { HalliganClient } from "@halligan/protocol/client";
import { statusOf } from "./action-json.ts";

/**
 * How following an action by its events ended.
 * final:      with the action at its end.
 * cut:        in the middle; it may be tried again.
 * notOffered: before anything came: another server than Halligan, a proxy that collects answers, or
 * no stream free.
 */
export type Followed = { kind: "final"; action: ActionWithResultsWire } | { kind: "cut" } | { kind: "notOffered" };

export interface FollowOptions {
  onAction(action: MachineActionWire): void;
  onTransfer(transfer: TransferWire): void;
  onWaiting(waiting: WaitingWire): void;
  /** The final action has its small transcripts, which are recorded as fetched. */
  withResults: boolean;
  signal: AbortSignal;
}

/**
 * Throws only for the signal. When a stream fails, a request for the action gives the better error.
 */
export async function followAction(
  client: Pick<HalliganClient, "watchMachineAction">,
  actionId: string,
  { onAction, onTransfer, onWaiting, withResults, signal }: FollowOptions,
): Promise<Followed> {
  let hasSpoken = false;
  try {
    for await (const { event, data } of client.watchMachineAction(actionId, { signal, withResults })) {
      hasSpoken = true;
      if (event === "transfer") {
        onTransfer(data);
        continue;
      }
      if (event === "waiting") {
        onWaiting(data);
        continue;
      }
      if (FINAL_STATUSES.has(statusOf(data))) return { kind: "final", action: data };
      onAction(data);
    }
  } catch {
    signal.throwIfAborted();
  }
  return { kind: hasSpoken ? "cut" : "notOffered" };
}
