import { createSecureContext, type SecureContext } from "node:tls";
import type { Connection, Net, Received } from "@halligan/agent/simulation";
import { LINK_PATH } from "@halligan/protocol/link";
import { type RawData, WebSocket } from "ws";

/**
 * The link's network over `ws`. The real agent uses the platform's WebSocket, which is made for one
 * link in a process, not for thousands, and takes no certificate of its own.
 */
export function wsNet(baseUrl: string, ca: string | null): Net {
  const secureContext = ca === null ? null : contextOf(ca);
  const url = `${baseUrl.replace(/^http/, "ws")}${LINK_PATH}`;
  return {
    async connect(signal) {
      const connection = new WsConnection(url, secureContext);
      const giveUp = () => connection.close();
      signal.addEventListener("abort", giveUp, { once: true });
      try {
        await connection.opened;
        return connection;
      } finally {
        signal.removeEventListener("abort", giveUp);
      }
    },
  };
}

/**
 * TLS contexts by certificate. A new context for each connection would take a third of the device's
 * work, and thousands of devices share this process.
 */
const contexts = new Map<string, SecureContext>();

function contextOf(ca: string): SecureContext {
  const known = contexts.get(ca) ?? createSecureContext({ ca });
  contexts.set(ca, known);
  return known;
}

class WsConnection implements Connection {
  readonly opened: Promise<void>;
  readonly #socket: WebSocket;
  readonly #queue: Received[] = [];
  #closed: Received | null = null;
  #waiting: (() => void) | null = null;

  constructor(url: string, secureContext: SecureContext | null) {
    this.#socket = new WebSocket(url, { perMessageDeflate: false, ...(secureContext && { secureContext }) });
    this.opened = new Promise((resolve, reject) => {
      this.#socket.once("open", () => resolve());
      this.#socket.on("error", (error) => reject(error));
      this.#socket.on("close", (code, reason) => {
        reject(new Error("The server could not be reached."));
        this.#closed ??= { kind: "closed", code, reason: reason.toString("utf8") };
        this.#waiting?.();
      });
    });
    this.#socket.on("message", (data, isBinary) => {
      const bytes = bytesOf(data);
      this.#queue.push(isBinary ? { kind: "binary", bytes } : { kind: "text", text: bytes.toString("utf8") });
      this.#waiting?.();
    });
  }

  async receive(signal: AbortSignal): Promise<Received> {
    for (;;) {
      signal.throwIfAborted();
      const next = this.#queue.shift() ?? this.#closed;
      if (next) return next;
      await this.#arrival(signal);
    }
  }

  /** The signal lasts as long as the connection, so a listener that is not removed leaks. */
  async #arrival(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    this.#waiting = wake;
    signal.addEventListener("abort", wake, { once: true });
    await promise;
    signal.removeEventListener("abort", wake);
    this.#waiting = null;
  }

  sendText(text: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  sendBinary(bytes: Uint8Array): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(bytes);
  }

  close(): void {
    this.#closed ??= { kind: "closed", code: 1000, reason: "The device closed the link." };
    this.#waiting?.();
    if (this.#socket.readyState === WebSocket.CONNECTING) this.#socket.terminate();
    else this.#socket.close(1000);
  }
}

function bytesOf(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
