import type { StorageCode } from "../domain/actions/transfer-refusal.ts";
import type { CloneEvidence } from "../domain/machines/clone-detection.ts";

/** Receives the events that the metrics count. Never fails and never waits. */
export interface Measures {
  /** An order was claimed for a device. `waitedMs`: time since its action was accepted. */
  orderClaimed(waitedMs: number): void;
  /** Bytes of a result arrived from a device. */
  received(sizeBytes: number): void;
  /** A machine was put in quarantine. */
  quarantined(evidence: CloneEvidence): void;
  /** Bytes of a result or library file were refused for lack of space. */
  refusedBytes(code: StorageCode, sizeBytes: number): void;
  /** An agent connection was refused or closed because a bound was reached. */
  connectionRefused(bound: ConnectionBound): void;
  /**
   * A message of the bus had no effect: no node sends such a message, or later messages replaced
   * it.
   */
  busMessageDropped(reason: "malformed" | "tooMany"): void;
}

/** Numbers of agent connections of one node, by state. */
export interface ConnectionStates {
  unauthenticated: number;
  /** The device has proven its key, and its hello is not answered yet. */
  authenticating: number;
  ready: number;
  /** Closed by this node, while the network end is still open; at most two seconds. */
  closing: number;
}

/** Which bound of agent connections was reached. */
export type ConnectionBound = "addressRate" | "addressFull" | "unauthenticatedFull" | "machineRate" | "noRoom";

/** For callers that count nothing. */
export const NO_MEASURES: Measures = {
  orderClaimed: () => undefined,
  received: () => undefined,
  quarantined: () => undefined,
  refusedBytes: () => undefined,
  connectionRefused: () => undefined,
  busMessageDropped: () => undefined,
};
