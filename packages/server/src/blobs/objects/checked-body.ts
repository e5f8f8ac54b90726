import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import type { ResultPart } from "../blob-store.ts";

/**
 * The bytes of a part on their way to the store, hashed as they pass. The last chunk is held back
 * until size and SHA-256 are known to be right. So the store never receives the announced number of
 * bytes of a wrong or broken part, and keeps nothing.
 */
export class CheckedBody implements Disposable {
  /** What is wrong with the part, once known. */
  fault: string | null = null;
  /** The error of the sender's side. */
  failure: { readonly error: unknown } | null = null;
  readonly stream: Readable;
  readonly #broken = new AbortController();

  constructor(given: ResultPart) {
    this.stream = Readable.from(this.#check(given), { objectMode: false });
    // The consumer of a piped stream does not get its errors; the signal informs it. Without a
    // listener the error would end the process.
    this.stream.on("error", () => this.#broken.abort());
  }

  /** Aborts when no more bytes will come although some are missing. */
  get signal(): AbortSignal {
    return this.#broken.signal;
  }

  async *#check({ part, body, sizeBytes, sha256 }: ResultPart): AsyncGenerator<Uint8Array> {
    const hash = createHash("sha256");
    let received = 0;
    let held: Uint8Array | null = null;
    for await (const chunk of this.#noticing(body)) {
      if (chunk.length === 0) continue;
      received += chunk.length;
      if (received > sizeBytes) throw this.#faulty(`part ${part} has more than ${sizeBytes} bytes`);
      hash.update(chunk);
      if (held !== null) yield held;
      held = chunk;
    }
    if (received !== sizeBytes) throw this.#faulty(`part ${part} has ${received} bytes instead of ${sizeBytes}`);
    if (hash.digest("hex") !== sha256) throw this.#faulty(`part ${part} has another SHA-256`);
    if (held !== null) yield held;
  }

  async *#noticing(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* body;
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }

  #faulty(detail: string): Error {
    this.fault = detail;
    return new Error(detail);
  }

  [Symbol.dispose](): void {
    this.stream.destroy();
  }
}
