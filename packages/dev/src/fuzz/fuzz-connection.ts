import { parseServerFrame, type ServerFrame } from "@halligan/protocol/link";
import { FrameSeal, type LinkKeys } from "@halligan/protocol/link-crypto";
import { WebSocket } from "ws";

/** Frames of this process, over all links. */
export interface FrameCount {
  frames: number;
  links: number;
}

type FrameOf<T extends ServerFrame["type"]> = Extract<ServerFrame, { type: T }>;

/** Above this many bytes not yet taken by the network, sending waits. */
const MAX_BUFFERED_BYTES = 1024 * 1024;

/** One agent connection that sends arbitrary messages. It waits for responses only on request. */
export class FuzzConnection implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #count: FrameCount;
  readonly #seen = new Map<ServerFrame["type"], ServerFrame>();
  #challenge: Uint8Array | null = null;
  #toServer: FrameSeal | null = null;
  #toAgent: FrameSeal | null = null;
  #pongs = 0;
  #isClosed = false;
  /** Resolves at whatever comes next. */
  #changed = Promise.withResolvers<void>();

  constructor(url: string, count: FrameCount, signal: AbortSignal) {
    this.#count = count;
    count.links += 1;
    this.#socket = new WebSocket(url, { perMessageDeflate: false, skipUTF8Validation: true });
    this.#socket.on("error", () => undefined);
    const stop = () => this.#socket.terminate();
    signal.addEventListener("abort", stop);
    this.#socket.on("close", () => {
      signal.removeEventListener("abort", stop);
      this.#isClosed = true;
      this.#wake();
    });
    if (signal.aborted) stop();
    this.#socket.on("message", (data, isBinary) => {
      if (!Buffer.isBuffer(data)) return;
      if (isBinary) this.#challenge = data;
      else this.#take(data.toString("utf8"));
      this.#wake();
    });
  }

  get isOpen(): boolean {
    return !this.#isClosed && this.#socket.readyState === WebSocket.OPEN;
  }

  get pongs(): number {
    return this.#pongs;
  }

  /** Null when the link was closed before. */
  async challenge(): Promise<Uint8Array | null> {
    await this.until(() => this.#challenge !== null);
    return this.#challenge;
  }

  /** The last frame of that type; waits for the first. Null when the link ends without one. */
  async frame<T extends ServerFrame["type"]>(type: T): Promise<FrameOf<T> | null> {
    await this.until(() => this.#seen.has(type));
    const frame = this.#seen.get(type);
    return frame && isOfType(frame, type) ? frame : null;
  }

  /** Until it holds, or the link is over. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds() && !this.#isClosed) await this.#changed.promise;
  }

  /**
   * From here on each text is sealed: an attacker that is enrolled has the keys of its own
   * connection.
   */
  seal({ toServer, toAgent }: LinkKeys): void {
    this.#toServer = new FrameSeal(toServer);
    this.#toAgent = new FrameSeal(toAgent);
  }

  /** As a text frame, whatever the bytes are. */
  async text(frame: string | Uint8Array): Promise<void> {
    if (!this.#toServer) return await this.#send(frame, false);
    const bytes = Buffer.from(frame);
    // The server decodes before it verifies, so the code is over what bytes that are not UTF-8
    // become.
    const text = bytes.toString("utf8");
    const code = this.#toServer.seal(text).slice(0, -text.length || undefined);
    await this.#send(Buffer.concat([Buffer.from(code), bytes]), false);
  }

  async binary(frame: Uint8Array): Promise<void> {
    await this.#send(frame, true);
  }

  /** Until the server has closed it. */
  async ended(): Promise<void> {
    await this.until(() => false);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#socket.terminate();
    await this.ended();
  }

  async #send(frame: string | Uint8Array, binary: boolean): Promise<void> {
    if (!this.isOpen) return;
    this.#count.frames += 1;
    if (this.#socket.bufferedAmount < MAX_BUFFERED_BYTES) {
      this.#socket.send(frame, { binary });
      return;
    }
    const sent = Promise.withResolvers<void>();
    this.#socket.send(frame, { binary }, () => sent.resolve());
    await sent.promise;
  }

  #take(text: string): void {
    const opened = this.#toAgent ? this.#toAgent.open(text) : text;
    if (opened === null) throw new Error(`the server's seal does not hold: ${text.slice(0, 200)}`);
    const frame = parseServerFrame(opened.slice(Math.max(0, opened.indexOf("{"))));
    if (!frame) throw new Error(`the server sent a frame that is none: ${text.slice(0, 200)}`);
    if (frame.type === "pong") this.#pongs += 1;
    this.#seen.set(frame.type, frame);
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

function isOfType<T extends ServerFrame["type"]>(frame: ServerFrame, type: T): frame is FrameOf<T> {
  return frame.type === type;
}
