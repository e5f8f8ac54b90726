/** Told what happens, for whoever counts it. Never fails and never waits. */
export interface Measures {
  /** An order was claimed for a device; `waitedMs` since its action was accepted. */
  orderClaimed(waitedMs: number): void;
  /** Bytes of a result came from a device. */
  received(sizeBytes: number): void;
}

/** For what nobody counts. */
export const NO_MEASURES: Measures = { orderClaimed: () => undefined, received: () => undefined };
