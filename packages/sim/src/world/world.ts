import { Random } from "../time/random.ts";
import { Timeline } from "../time/timeline.ts";
import { Trace } from "./trace.ts";
import { type Invariant, Violation } from "./violation.ts";

/** Unix milliseconds at which every run begins. */
const BEGINNING_MS = Date.UTC(2026, 0, 1);

/** Any number that makes another stream of the same seed. */
const NEVER_ENDING = 0x0b_0d_1e;

/** What every part of one run shares: chance, time, the trace, and the first violation. */
export class World {
  readonly seed: number;
  readonly random: Random;
  readonly timeline: Timeline;
  readonly trace: Trace;
  /** How often each kind of fault was injected. */
  readonly faults = new Map<string, number>();
  /** While true, what may go wrong by chance does. */
  isRough = true;
  /** How far the server's wall clock is off. */
  wallOffsetMs = 0;
  /**
   * Which side may forget what was done, in one run only one of them: where the server's store is restored from a backup *and* the device's
   * journal is lost or an earlier one, nobody knows any more what ran.
   */
  readonly forgetful: "server" | "devices";
  /**
   * Not null: scripts of the first device have no time limit there, and it connects again and again. Chance of its own, so that
   * worlds without such a device run as they did.
   */
  readonly neverEnding: Random | null;
  /** The server's store was restored from a backup: it has forgotten orders that are out. */
  wasRestored = false;
  #violation: Violation | null = null;

  constructor(seed: number) {
    this.seed = seed;
    this.random = new Random(seed);
    this.forgetful = this.random.chance(0.12) ? "server" : "devices";
    this.timeline = new Timeline(this.random);
    const own = new Random(seed ^ NEVER_ENDING);
    this.neverEnding = own.chance(0.04) ? own : null;
    this.trace = new Trace(() => this.timeline.nowMs);
  }

  get wallMs(): number {
    return BEGINNING_MS + this.timeline.nowMs + this.wallOffsetMs;
  }

  get violation(): Violation | null {
    return this.#violation;
  }

  /** Keeps the first: what follows is its consequence. Not thrown, because the code under test would catch it. */
  violated(invariant: Invariant, detail: string): void {
    if (this.#violation) return;
    this.#violation = new Violation(invariant, detail);
    this.trace.note("VIOLATION", this.#violation.message);
  }

  /** Tells whether a fault of this kind happens now, and counts it. */
  strikes(kind: string, probability: number): boolean {
    if (!this.isRough || !this.random.chance(probability)) return false;
    this.#count(kind);
    return true;
  }

  /** A fault that was injected; `name` is what it struck. */
  fault(kind: string, name?: string): void {
    this.#count(kind);
    this.trace.note("FAULT", name === undefined ? kind : `${kind}: ${name}`);
  }

  /** Resolves after a delay of chance. */
  delay(lowMs: number, highMs: number): Promise<void> {
    return new Promise((resolve) => void this.timeline.after(this.random.between(lowMs, highMs), resolve));
  }

  #count(kind: string): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1);
  }
}
