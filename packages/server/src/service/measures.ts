import type { CloneEvidence } from "../domain/clone-detection.ts";
import type { StorageCode } from "../domain/transfer-refusal.ts";

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
}

/** For what nobody counts. */
export const NO_MEASURES: Measures = {
  orderClaimed: () => undefined,
  received: () => undefined,
  quarantined: () => undefined,
  refusedBytes: () => undefined,
};
