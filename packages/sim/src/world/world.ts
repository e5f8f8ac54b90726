import { Random } from "../time/random.ts";
import { Timeline } from "../time/timeline.ts";
import { Trace } from "./trace.ts";
import { type Invariant, ViolationError } from "./violation.ts";

/** Unix milliseconds at which every run begins. */
const BEGINNING_MS = Date.UTC(2026, 0, 1);

/** Any number. It makes another random stream of the same seed. */
const NEVER_ENDING = 0x0b_0d_1e;
/** The same. */
const OPTIONS = 0x0b_0d_47;
const REPEATED = 0x0b_0d_44;
const USERS = 0x0b_0d_52;

/** What all parts of one run share: random numbers, time, the trace, and the first violation. */
export class World {
  readonly seed: number;
  readonly random: Random;
  readonly timeline: Timeline;
  readonly trace: Trace;
  /** How often each kind of fault was injected. */
  readonly faults = new Map<string, number>();
  /** True while faults may be injected. */
  injectsFaults = true;
  /** The offset of the server's wall clock. */
  wallOffsetMs = 0;
  /**
   * The side that can lose its state in this run; only one of them. If the server's store was
   * restored from a backup *and* the device's journal was lost or set back, no record of what ran
   * would remain.
   */
  readonly forgetful: "server" | "devices";
  /**
   * If not null, scripts of the first device have no time limit, and the device reconnects
   * repeatedly. It has its own random stream, so worlds without such a device do not change.
   */
  readonly neverEnding: Random | null;
  /** If not null, callers choose later start times. It has its own random stream too. */
  readonly scheduling: Random | null;
  /** If not null, callers repeat starts with an Idempotency-Key. Of its own stream as well. */
  readonly repeating: Random | null;
  /** If not null, callers choose a user for scripts, and the agents of this release can. */
  readonly users: Random | null;
  /**
   * The server's store was restored from a backup, so the server has forgotten orders that it sent.
   */
  wasRestored = false;
  #violation: ViolationError | null = null;

  constructor(seed: number) {
    this.seed = seed;
    this.random = new Random(seed);
    this.forgetful = this.random.chance(0.12) ? "server" : "devices";
    this.timeline = new Timeline(this.random);
    const own = new Random(seed ^ NEVER_ENDING);
    this.neverEnding = own.chance(0.04) ? own : null;
    const options = new Random(seed ^ OPTIONS);
    this.scheduling = options.chance(0.3) ? options : null;
    const repeated = new Random(seed ^ REPEATED);
    this.repeating = repeated.chance(0.3) ? repeated : null;
    const users = new Random(seed ^ USERS);
    this.users = users.chance(0.15) ? users : null;
    this.trace = new Trace(() => this.timeline.nowMs);
  }

  get wallMs(): number {
    return BEGINNING_MS + this.timeline.nowMs + this.wallOffsetMs;
  }

  get violation(): ViolationError | null {
    return this.#violation;
  }

  /**
   * Keeps only the first violation, because later ones are its consequences. It does not throw,
   * because the code under test would catch the error.
   */
  violated(invariant: Invariant, detail: string): void {
    if (this.#violation) return;
    this.#violation = new ViolationError(invariant, detail);
    this.trace.note("VIOLATION", this.#violation.message);
  }

  /** Decides whether a fault of this kind is injected now, and counts it. */
  injectFault(kind: string, probability: number): boolean {
    if (!this.injectsFaults || !this.random.chance(probability)) return false;
    this.#count(kind);
    return true;
  }

  /** Counts an injected fault; `name` is its target. */
  fault(kind: string, name?: string): void {
    this.#count(kind);
    this.trace.note("FAULT", name === undefined ? kind : `${kind}: ${name}`);
  }

  /** Resolves after a random delay. */
  delay(lowMs: number, highMs: number): Promise<void> {
    return new Promise((resolve) => void this.timeline.after(this.random.between(lowMs, highMs), resolve));
  }

  #count(kind: string): void {
    this.faults.set(kind, (this.faults.get(kind) ?? 0) + 1);
  }
}
