/**
 * One output stream of a script, as the agent reads it: the same under Node and Bun, for a pipe and
 * for a socket.
 */
import { closeSync } from "node:fs";
import { Socket } from "node:net";
import type { Readable } from "node:stream";

export interface OutputSource {
  /**
   * Called once. Resolves at the end of the stream, when it breaks, or when it is closed. Never
   * rejects.
   */
  read(onBytes: (bytes: Uint8Array) => void): Promise<void>;
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
    close: () => void stream.destroy(),
  };
}

/**
 * @param fd of the reading end of a pipe, opened with O_NONBLOCK. It belongs to the source, which
 * closes it.
 */
export function pipeSource(fd: number): OutputSource {
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
    close: () => void reader.cancel().catch(() => undefined),
  };
}
