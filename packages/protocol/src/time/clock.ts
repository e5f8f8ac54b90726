/** Time without a wall clock: for a program whose wall clock may be years off. */
export interface MonotonicClock {
  /**
   * Milliseconds from an arbitrary start; never goes back. For how long something took or may take.
   */
  monotonicMs(): number;
  /** Calls `run` once after `delayMs`, unless the returned function cancels it before. */
  after(delayMs: number, run: () => void): () => void;
}

/**
 * Time, as a port: code under a simulation reads it and waits for it here and nowhere else. Two
 * methods are enough for each wait, so a test replaces all waits with them.
 */
export interface Clock extends MonotonicClock {
  /** The wall clock in Unix milliseconds: for what is stored. It may jump. */
  nowMs(): number;
}
