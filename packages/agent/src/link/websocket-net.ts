/** The link over the platform's WebSocket, which Node and Bun both have. */
import { LINK_PATH, MAX_FRAME_BYTES } from "@halligan/protocol/link";
import { abortable } from "../core/deadline.ts";
import type { Connection, Net, Received } from "../core/ports.ts";
import { LIMITS } from "../limits.ts";

const ABNORMAL_CLOSE = 1006;
const OWN_CLOSE = 1000;

export function linkUrl(serverUrl: string): string {
  const url = new URL(serverUrl);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.pathname = `${url.pathname.replace(/\/+$/, "")}${LINK_PATH}`;
  return url.href;
}

export function webSocketNet(serverUrl: string): Net {
  const url = linkUrl(serverUrl);
  return {
    async connect(signal) {
      const connection = new WebSocketConnection(url);
      try {
        await abortable(connection.opened, signal);
        return connection;
      } catch (error) {
        connection.close();
        throw error;
      }
    },
  };
}

class WebSocketConnection implements Connection {
  readonly opened: Promise<void>;
  readonly #socket: WebSocket;
  readonly #queue: Received[] = [];
  #closed: (Received & { kind: "closed" }) | null = null;
  #arrived = Promise.withResolvers<void>();

  constructor(url: string) {
    const socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    this.#socket = socket;
    const opened = Promise.withResolvers<void>();
    this.opened = opened.promise;
    socket.addEventListener("open", () => opened.resolve());
    socket.addEventListener("message", (event) => this.#take(event.data));
    socket.addEventListener("error", () => opened.reject(new Error("The server could not be reached.")));
    socket.addEventListener("close", (event) => {
      opened.reject(new Error("The server could not be reached."));
      this.#end({ kind: "closed", code: event.code, reason: event.reason });
    });
    this.opened.catch(() => undefined);
  }

  async receive(signal: AbortSignal): Promise<Received> {
    for (;;) {
      signal.throwIfAborted();
      const next = this.#queue.shift() ?? this.#closed;
      if (next) return next;
      await abortable(this.#arrived.promise, signal);
    }
  }

  sendText(text: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  sendBinary(bytes: Uint8Array): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(new Uint8Array(bytes));
  }

  close(): void {
    if (!this.#closed) this.#end({ kind: "closed", code: OWN_CLOSE, reason: "The agent closed the link." });
    this.#queue.length = 0;
    this.#socket.close(OWN_CLOSE);
  }

  #take(data: unknown): void {
    if (this.#closed) return;
    const size = typeof data === "string" ? data.length : data instanceof ArrayBuffer ? data.byteLength : 0;
    if (this.#queue.length >= LIMITS.maxQueuedFrames || size > MAX_FRAME_BYTES) {
      this.#socket.close(OWN_CLOSE);
      this.#end({ kind: "closed", code: ABNORMAL_CLOSE, reason: "The server sent more than the agent takes." });
      return;
    }
    if (typeof data === "string") this.#queue.push({ kind: "text", text: data });
    else if (data instanceof ArrayBuffer) this.#queue.push({ kind: "binary", bytes: new Uint8Array(data) });
    this.#wake();
  }

  #end(closed: Received & { kind: "closed" }): void {
    this.#closed ??= closed;
    this.#wake();
  }

  #wake(): void {
    this.#arrived.resolve();
    this.#arrived = Promise.withResolvers<void>();
  }
}
