/** A WebSocket whose frames are asked for one by one. */
export class FrameSocket {
  readonly #socket: WebSocket;
  readonly #frames: (string | Uint8Array)[] = [];
  #arrived = Promise.withResolvers<void>();
  #closed: string | null = null;

  constructor(url: string) {
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }: { data: unknown }) => {
      if (typeof data === "string") this.#frames.push(data);
      else if (data instanceof ArrayBuffer) this.#frames.push(new Uint8Array(data));
      this.#wake();
    });
    socket.addEventListener("close", ({ code, reason }) => {
      this.#closed = `${code} ${reason}`;
      this.#wake();
    });
    this.#socket = socket;
  }

  /** Rejects when the other end closes before it says more. */
  async next(): Promise<string | Uint8Array> {
    for (;;) {
      const frame = this.#frames.shift();
      if (frame !== undefined) return frame;
      if (this.#closed !== null) throw new Error(`the link was closed: ${this.#closed}`);
      await this.#arrived.promise;
    }
  }

  send(frame: string | Uint8Array): void {
    this.#socket.send(typeof frame === "string" ? frame : new Uint8Array(frame));
  }

  close(): void {
    this.#socket.close();
  }

  #wake(): void {
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers<void>();
  }
}
