import type { CloneEvidence } from "../domain/clone-detection.ts";

/** Told what happens, for whoever counts it. Never fails and never waits. */
export interface Measures {
  /** An order was claimed for a device; `waitedMs` since its action was accepted. */
  orderClaimed(waitedMs: number): void;
  /** Bytes of a result came from a device. */
  received(sizeBytes: number): void;
  /** A machine was put in quarantine. */
  quarantined(evidence: CloneEvidence): void;
}

/** For what nobody counts. */
export const NO_MEASURES: Measures = {
  orderClaimed: () => undefined,
  received: () => undefined,
  quarantined: () => undefined,
};
