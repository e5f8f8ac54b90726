/**
 * One output stream of a script, as the agent reads it: the same under Node and Bun, for a pipe and
 * for a socket.
 */
import { closeSync, readSync } from "node:fs";
import { Socket } from "node:net";
import type { Readable } from "node:stream";
import type { MonotonicClock } from "@halligan/protocol/time";
import { LIMITS } from "../limits.ts";

export interface OutputSource {
  /**
   * Called once. Resolves at the end of the stream, when it breaks, or when it is closed. Never
   * rejects.
   */
  read(onBytes: (bytes: Uint8Array) => void): Promise<void>;
  /** Takes what is there now, because the script has ended. */
  drain(): void;
  /** Stops reading. A process that still writes gets SIGPIPE. */
  close(): void;
}

/** What this file uses of Bun's own interface. */
interface BunFiles {
  file(fd: number): { stream(): ReadableStream<Uint8Array> };
}
declare global {
  var Bun: BunFiles | undefined;
}

export function readableSource(stream: Readable): OutputSource {
  return {
    read: (onBytes) =>
      new Promise((resolve) => {
        stream.on("data", onBytes);
        stream.on("error", () => undefined);
        stream.once("end", resolve);
        stream.once("close", resolve);
      }),
    drain: () => undefined,
    close: () => void stream.destroy(),
  };
}

/**
 * Begins to read after {@link LIMITS.pipeReadDelayMs}, or when the script has ended: most scripts
 * end before, and two reads are cheaper than a stream. What such a script writes waits in the pipe
 * until then, and is lost if the agent is killed in that time.
 *
 * @param fd of the reading end of a pipe, opened with O_NONBLOCK. It belongs to the source, which
 * closes it.
 */
export function pipeSource(fd: number, clock: MonotonicClock): OutputSource {
  const ended = Promise.withResolvers<void>();
  let take: ((bytes: Uint8Array) => void) | null = null;
  let stream: OutputSource | null = null;
  let isOver = false;
  let cancelDelay = () => {};
  const end = () => {
    isOver = true;
    cancelDelay();
    closeSync(fd);
    ended.resolve();
  };
  const goOn = () => {
    cancelDelay();
    if (take === null) return;
    stream = streamSource(fd);
    void stream.read(take).then(ended.resolve);
  };
  return {
    read(onBytes) {
      take = onBytes;
      cancelDelay = clock.after(LIMITS.pipeReadDelayMs, goOn);
      return ended.promise;
    },
    drain() {
      if (take === null || stream !== null || isOver) return;
      if (readToEnd(fd, take)) end();
      else goOn();
    },
    close() {
      if (stream !== null) stream.close();
      else if (!isOver) end();
    },
  };
}

/** Shared by all scripts: what takes the bytes writes them before it returns. */
const block = Buffer.allocUnsafeSlow(LIMITS.spoolReadBytes);

/** @returns false when a process still has the pipe open, or when there is more than its bound */
function readToEnd(fd: number, take: (bytes: Uint8Array) => void): boolean {
  try {
    for (let takenBytes = 0; takenBytes < LIMITS.pipeDrainBytes; ) {
      const size = readSync(fd, block, 0, block.length, null);
      if (size === 0) return true;
      take(block.subarray(0, size));
      takenBytes += size;
    }
  } catch {
    // EAGAIN: nothing is there now. Any other error comes again when the stream reads.
  }
  return false;
}

function streamSource(fd: number): OutputSource {
  // Bun has no `Socket({ fd })`, and its `createReadStream` reports EAGAIN for a pipe that is
  // empty.
  if (globalThis.Bun) return bunPipeSource(globalThis.Bun, fd);
  return readableSource(new Socket({ fd, readable: true, writable: false }));
}

function bunPipeSource(bun: BunFiles, fd: number): OutputSource {
  const reader = bun.file(fd).stream().getReader();
  return {
    async read(onBytes) {
      try {
        for (;;) {
          const { done, value } = await reader.read();
          if (done) break;
          onBytes(value);
        }
      } catch {
        // It broke: what came is kept.
      } finally {
        closeSync(fd);
      }
    },
    drain: () => undefined,
    close: () => void reader.cancel().catch(() => undefined),
  };
}
