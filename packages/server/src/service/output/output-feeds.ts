import type { MonotonicClock } from "@halligan/protocol/time";
import type { OutputPosition, OutputReadEnd, OutputRequest, OutputSource } from "./output-source.ts";
import { type ReadMember, type SharedChunk, SharedRead } from "./shared-read.ts";

/** A command whose output is watched. */
export type WatchedCommand = Omit<OutputRequest, "from" | "creditBytes">;

/** Reads of one action at the same time: at its end, and of those who still come from behind. */
const MAX_READS_OF_COMMAND = 4;
const MAX_WATCHERS_OF_COMMAND = 64;
/** Reads of a node at the same time. One keeps less than 400 KiB. */
const MAX_READS = 256;

/**
 * The reads of live output on one node, by command. Watchers at the same place share a read, so a
 * device sends its output once, however many watch. A later one has a read of its own until it
 * has caught up with another one. A watcher takes from each chunk what it has not had, so it may
 * change from one read to another at any place that both have.
 */
export class OutputFeeds {
  readonly #clock: MonotonicClock;
  readonly #sourceOf: (machineId: string) => OutputSource | null;
  readonly #reads = new Map<string, Set<SharedRead>>();
  #count = 0;

  /** `sourceOf`: null when the machine has no connection that this node knows of. */
  constructor(clock: MonotonicClock, sourceOf: (machineId: string) => OutputSource | null) {
    this.#clock = clock;
    this.#sourceOf = sourceOf;
  }

  /** `wake` is called when `next` may have something. */
  watch(command: WatchedCommand, from: OutputPosition | "end", wake: () => void): FeedWatcher {
    const key = `${command.actionId} ${command.orderSeq} ${command.index}`;
    const reads = this.#reads.get(key) ?? new Set();
    const watchers = [...reads].reduce((sum, { memberCount }) => sum + memberCount, 0);
    if (watchers >= MAX_WATCHERS_OF_COMMAND) return new FeedWatcher("busy", reads, null, wake);
    const joined = from === "end" ? undefined : [...reads].find((read) => read.covers(from) && read.isAheadOf(from));
    const read = joined ?? this.#open(key, reads, command, from);
    return new FeedWatcher(read, reads, from === "end" ? null : { ...from }, wake);
  }

  get readCount(): number {
    return this.#count;
  }

  #open(
    key: string,
    reads: Set<SharedRead>,
    command: WatchedCommand,
    from: OutputPosition | "end",
  ): SharedRead | OutputReadEnd {
    const source = this.#sourceOf(command.machineId);
    if (!source) return "disconnected";
    if (reads.size >= MAX_READS_OF_COMMAND || this.#count >= MAX_READS) return "busy";
    const read = new SharedRead(this.#clock, from, () => {
      if (!reads.delete(read)) return;
      this.#count -= 1;
      if (reads.size === 0) this.#reads.delete(key);
    });
    reads.add(read);
    this.#reads.set(key, reads);
    this.#count += 1;
    read.open(source.read({ ...command, from, creditBytes: read.firstCreditBytes }, read));
    return read;
  }
}

/** `waiting`: nothing new; `wake` will be called. */
export type FeedStep =
  | { kind: "chunk"; chunk: SharedChunk }
  | { kind: "waiting" }
  | { kind: "dropped" }
  | { kind: "ended"; reason: OutputReadEnd };

/** One watcher of one command. It gets each byte from its position on once. */
export class FeedWatcher implements ReadMember, Disposable {
  sequence = 0;
  takenAtMs = 0;
  readonly wake: () => void;
  readonly #reads: ReadonlySet<SharedRead>;
  #read: SharedRead | OutputReadEnd;
  /** Null until the device has said where its output ends. */
  #at: OutputPosition | null;
  #isDropped = false;

  constructor(
    read: SharedRead | OutputReadEnd,
    reads: ReadonlySet<SharedRead>,
    at: OutputPosition | null,
    wake: () => void,
  ) {
    this.#read = read;
    this.#reads = reads;
    this.#at = at;
    this.wake = wake;
    if (typeof read !== "string") read.add(this);
  }

  /** Null before the position of a watcher from the end is known. */
  get at(): OutputPosition | null {
    this.#findPosition();
    return this.#at;
  }

  next(): FeedStep {
    if (this.#isDropped) return { kind: "dropped" };
    if (typeof this.#read === "string") return { kind: "ended", reason: this.#read };
    this.#findPosition();
    const at = this.#at;
    if (at) {
      const part = this.#take(this.#read, at);
      if (part) return { kind: "chunk", chunk: part };
      if (this.#changeRead(at)) return this.next();
    }
    const { end } = this.#read;
    return end === null ? { kind: "waiting" } : { kind: "ended", reason: end };
  }

  drop(): void {
    this.#isDropped = true;
    this[Symbol.dispose]();
    this.wake();
  }

  [Symbol.dispose](): void {
    if (typeof this.#read !== "string") this.#read.remove(this);
    this.#read = "disconnected";
  }

  #findPosition(): void {
    if (this.#at || typeof this.#read === "string" || !this.#read.start) return;
    // The watcher has joined before the first byte, and what it has not taken is kept.
    this.#at = { ...this.#read.start };
  }

  #take(read: SharedRead, at: OutputPosition): SharedChunk | null {
    for (let chunk = read.take(this); chunk; chunk = read.take(this)) {
      const { stream, offset, bytes } = chunk;
      const had = at[stream] - offset;
      if (had >= bytes.length) continue;
      at[stream] = offset + bytes.length;
      return had <= 0 ? chunk : { stream, offset: offset + had, bytes: bytes.subarray(had) };
    }
    return null;
  }

  /** To an older read that is as far, so that the device sends the same bytes once. */
  #changeRead(at: OutputPosition): boolean {
    const present = this.#read;
    if (typeof present === "string") return false;
    for (const other of this.#reads) {
      if (other === present) return false;
      if (!other.covers(at) || !other.isAheadOf(at)) continue;
      present.remove(this);
      this.#read = other;
      other.add(this);
      return true;
    }
    return false;
  }
}
