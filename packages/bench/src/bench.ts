import type { Measured } from "./figure.ts";

export interface BenchContext {
  /** Empty, for this bench alone, removed after it. */
  readonly folder: string;
  /** Small numbers that show only that the bench works. */
  readonly quick: boolean;
  /** Files of `competitors` of 1 GB instead of 64 MiB. */
  readonly large: boolean;
  /** Where the server process leaves a CPU profile when it stops; null: nowhere. */
  readonly profileDir: string | null;
  readonly signal: AbortSignal;
  /** Writes a line for people: the progress, or what was skipped and why. */
  note(text: string): void;
}

export interface Bench {
  readonly name: string;
  /** One line: what it measures. What it does not stands in the head of its file. */
  readonly about: string;
  /** Runs only when it is named: it downloads something. */
  readonly onlyByName?: boolean;
  /**
   * Throws when the measurement was not valid: something was lost, failed or had a wrong result. A
   * missed goal is an ordinary figure.
   */
  run(context: BenchContext): Promise<Measured[]>;
}
