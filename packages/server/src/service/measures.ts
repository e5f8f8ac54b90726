import type { StorageCode } from "../domain/actions/transfer-refusal.ts";
import type { CloneEvidence } from "../domain/machines/clone-detection.ts";

/** Told what happens, for whoever counts it. Never fails and never waits. */
export interface Measures {
  /** An order was claimed for a device; `waitedMs` since its action was accepted. */
  orderClaimed(waitedMs: number): void;
  /** Bytes of a result came from a device. */
  received(sizeBytes: number): void;
  /** A machine was put in quarantine. */
  quarantined(evidence: CloneEvidence): void;
  /** Bytes of a result or library file were not taken for lack of space. */
  refusedBytes(code: StorageCode, sizeBytes: number): void;
  /** An agent connection was not taken, or closed, because a bound was reached. */
  connectionRefused(bound: ConnectionBound): void;
  /** A message of the bus had no effect: no node sends such a one, or others stand for it. */
  busMessageDropped(reason: "malformed" | "tooMany"): void;
}

/** Agent connections of one node, each in one of these states. */
export interface ConnectionStates {
  unauthenticated: number;
  /** Proved their key; their hello is not answered yet. */
  authenticating: number;
  ready: number;
  /** Closed by this node; their network end is still open, for two seconds at most. */
  closing: number;
}

/** Which bound of agent connections was reached. */
export type ConnectionBound = "addressRate" | "addressFull" | "unauthenticatedFull" | "machineRate" | "noRoom";

/** For what nobody counts. */
export const NO_MEASURES: Measures = {
  orderClaimed: () => undefined,
  received: () => undefined,
  quarantined: () => undefined,
  refusedBytes: () => undefined,
  connectionRefused: () => undefined,
  busMessageDropped: () => undefined,
};
