import type { MonotonicClock } from "@halligan/protocol/time";
import type { OutputPosition, OutputRead, OutputReadEnd, OutputSink, OutputStream } from "./output-source.ts";
import { ReadWindow } from "./read-window.ts";

/** Bytes that all members have taken and that a watcher who joins may still get from here. */
const KEPT_BYTES = 128 * 1024;
/** Small chunks that no member has taken yet become one. */
const JOINED_BYTES = 4 * 1024;
/** How long a member may hold up the others. */
export const SLOW_MEMBER_MS = 5_000;

export interface SharedChunk {
  readonly stream: OutputStream;
  readonly offset: number;
  readonly bytes: Buffer;
}

/** `endBytes`: bytes of both streams since the beginning of the read, this chunk included. */
interface KeptChunk extends SharedChunk {
  readonly endBytes: number;
}

/** A watcher as its read sees it. */
export interface ReadMember {
  /** Number of the chunk that it takes next. */
  sequence: number;
  takenAtMs: number;
  /** There is something for it: bytes, the position, or the end. */
  wake(): void;
  /** It held up others for too long. */
  drop(): void;
}

/**
 * One read of the device that several watchers take. It keeps what the slowest one has not taken,
 * at most a window, and a little more for those who join. It asks the device for more only when the
 * slowest one has taken enough, so its memory does not depend on the size of the output.
 */
export class SharedRead implements OutputSink {
  readonly #clock: MonotonicClock;
  readonly #window: ReadWindow;
  readonly #members = new Set<ReadMember>();
  readonly #onEnd: () => void;
  readonly #chunks: KeptChunk[] = [];
  /** Number of the first kept chunk. */
  #firstSequence = 0;
  /** `endBytes` of the last chunk that is not kept any more. */
  #droppedBytes = 0;
  #arrivedBytes = 0;
  /** Asked for, and not arrived. */
  #dueBytes: number;
  /**
   * Position before the first kept chunk, and after the last one. Null until the device has said
   * where its end is.
   */
  #start: OutputPosition | null = null;
  #at: OutputPosition | null = null;
  #end: OutputReadEnd | null = null;
  #read: OutputRead | null = null;
  #stopSlowTimer: (() => void) | null = null;

  constructor(clock: MonotonicClock, from: OutputPosition | "end", onEnd: () => void) {
    this.#clock = clock;
    if (from !== "end") this.began(from);
    this.#window = new ReadWindow(clock.monotonicMs());
    this.#dueBytes = this.#window.bytes;
    this.#onEnd = onEnd;
  }

  get firstCreditBytes(): number {
    return this.#window.bytes;
  }

  get end(): OutputReadEnd | null {
    return this.#end;
  }

  get memberCount(): number {
    return this.#members.size;
  }

  /** Where the kept bytes begin and end; null before the device has said where it begins. */
  get start(): OutputPosition | null {
    return this.#start;
  }

  /** Whether a watcher at this position waits here for nothing that it has had. */
  isAheadOf({ stdout, stderr }: OutputPosition): boolean {
    return this.#at !== null && this.#at.stdout >= stdout && this.#at.stderr >= stderr;
  }

  open(read: OutputRead): void {
    this.#read = read;
  }

  add(member: ReadMember): void {
    member.sequence = this.#firstSequence;
    member.takenAtMs = this.#clock.monotonicMs();
    this.#members.add(member);
  }

  remove(member: ReadMember): void {
    this.#members.delete(member);
    if (this.#members.size > 0) {
      this.#askForMore();
      return;
    }
    this.#stopSlowTimer?.();
    if (this.#end === null) {
      this.#end = "disconnected";
      this.#read?.close();
    }
    this.#onEnd();
  }

  /** Whether a watcher at this position misses nothing when it joins. */
  covers({ stdout, stderr }: OutputPosition): boolean {
    const start = this.#start;
    return this.#end === null && start !== null && stdout >= start.stdout && stderr >= start.stderr;
  }

  /** The member's next chunk; null when it has taken all of them. */
  take(member: ReadMember): SharedChunk | null {
    const chunk = this.#chunks[member.sequence - this.#firstSequence] ?? null;
    if (!chunk) return null;
    member.sequence += 1;
    member.takenAtMs = this.#clock.monotonicMs();
    this.#askForMore();
    return chunk;
  }

  began(at: OutputPosition): void {
    this.#start = { ...at };
    this.#at = { ...at };
    this.#wakeAll();
  }

  chunk(stream: OutputStream, bytes: Buffer): void {
    if (!this.#at) return;
    this.#arrivedBytes += bytes.length;
    this.#keep({ stream, offset: this.#at[stream], bytes, endBytes: this.#arrivedBytes });
    this.#at[stream] += bytes.length;
    this.#dueBytes -= bytes.length;
    this.#window.arrived(bytes.length, this.#clock.monotonicMs());
    this.#wakeAll();
    this.#watchForSlowMembers();
  }

  ended(reason: OutputReadEnd): void {
    this.#end = reason;
    this.#onEnd();
    this.#wakeAll();
  }

  #askForMore(): void {
    this.#dropOld();
    if (this.#end !== null || !this.#at) return;
    const wantedBytes = this.#window.bytes - this.#dueBytes - this.#backlogBytes();
    // Half a window at once: a frame for each chunk would cost as much as the chunk.
    if (wantedBytes < this.#window.bytes / 2) return;
    this.#dueBytes += wantedBytes;
    this.#read?.grant(wantedBytes);
  }

  /** What the slowest member has not taken. */
  #backlogBytes(): number {
    const taken = this.#chunks[this.#slowestSequence() - 1 - this.#firstSequence];
    return this.#arrivedBytes - (taken?.endBytes ?? this.#droppedBytes);
  }

  #slowestSequence(): number {
    let slowest = this.#endSequence;
    for (const { sequence } of this.#members) slowest = Math.min(slowest, sequence);
    return slowest;
  }

  get #endSequence(): number {
    return this.#firstSequence + this.#chunks.length;
  }

  #keep(chunk: KeptChunk): void {
    const last = this.#chunks.at(-1);
    const isUntaken = [...this.#members].every(({ sequence }) => sequence < this.#endSequence);
    const size = (last?.bytes.length ?? 0) + chunk.bytes.length;
    if (last?.stream === chunk.stream && isUntaken && size <= JOINED_BYTES) {
      const bytes = Buffer.concat([last.bytes, chunk.bytes]);
      this.#chunks[this.#chunks.length - 1] = { ...last, bytes, endBytes: chunk.endBytes };
    } else this.#chunks.push(chunk);
  }

  #dropOld(): void {
    const slowest = this.#slowestSequence();
    while (this.#firstSequence < slowest && this.#arrivedBytes - this.#droppedBytes > KEPT_BYTES) {
      const chunk = this.#chunks.shift();
      if (!chunk || !this.#start) return;
      this.#firstSequence += 1;
      this.#droppedBytes = chunk.endBytes;
      this.#start[chunk.stream] = chunk.offset + chunk.bytes.length;
    }
  }

  #watchForSlowMembers(): void {
    if (this.#stopSlowTimer || this.#members.size < 2 || this.#dueBytes > 0) return;
    this.#stopSlowTimer = this.#clock.after(SLOW_MEMBER_MS, () => {
      this.#stopSlowTimer = null;
      if (this.#end !== null) return;
      this.#dropSlowMembers();
      this.#watchForSlowMembers();
    });
  }

  /** Only if a faster one waits for them. */
  #dropSlowMembers(): void {
    const last = this.#endSequence;
    const nowMs = this.#clock.monotonicMs();
    const members = [...this.#members];
    if (this.#dueBytes > 0 || members.every(({ sequence }) => sequence < last)) return;
    for (const member of members) {
      if (member.sequence === last || nowMs - member.takenAtMs < SLOW_MEMBER_MS) continue;
      member.drop();
    }
  }

  #wakeAll(): void {
    for (const member of this.#members) member.wake();
  }
}
