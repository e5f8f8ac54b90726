import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
}

interface Waiting {
  resolve(answer: HttpAnswer): void;
  reject(cause: Error): void;
}

const HEAD_END = Buffer.from("\r\n\r\n");
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;

/**
 * One keep-alive connection with one request at a time, reading answers that state their length.
 * The load comes from the same two cores as the server, so it must cost little. Measured here,
 * processor time a request: fetch 300 us, `node:http` 95 us, this 20 us.
 */
export class HttpConnection implements Disposable {
  readonly #url: URL;
  readonly #ca: string | null;
  #socket: Socket | null = null;
  #waiting: Waiting | null = null;
  #received: Buffer[] = [];
  #receivedBytes = 0;
  /** Bytes of the whole answer; null until its head was read. */
  #answer: { status: number; headBytes: number; totalBytes: number } | null = null;

  constructor(baseUrl: string, ca: string | null = null) {
    this.#url = new URL(baseUrl);
    this.#ca = ca;
  }

  get isBusy(): boolean {
    return this.#waiting !== null;
  }

  request(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string | null,
  ): Promise<HttpAnswer> {
    if (this.#waiting) throw new Error("this connection has a request under way");
    const lines = [`${method} ${path} HTTP/1.1`, `host: ${this.#url.host}`];
    for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
    if (body !== null) lines.push(`content-length: ${Buffer.byteLength(body)}`);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket ??= this.#connect();
      this.#socket.write(`${lines.join("\r\n")}\r\n\r\n${body ?? ""}`);
    });
  }

  [Symbol.dispose](): void {
    this.#socket?.destroy();
  }

  #connect(): Socket {
    const port = Number(this.#url.port);
    const host = this.#url.hostname;
    const socket =
      this.#url.protocol === "https:"
        ? connectTls({ host, port, ...(this.#ca !== null && { ca: this.#ca }) })
        : connectTcp({ host, port });
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => {
      this.#socket = null;
      this.#fail(new Error("the server closed the connection before its answer"));
    });
    return socket;
  }

  #take(chunk: Buffer): void {
    this.#received.push(chunk);
    this.#receivedBytes += chunk.length;
    this.#answer ??= this.#readHead();
    if (!this.#answer || this.#receivedBytes < this.#answer.totalBytes) return;
    const { status, headBytes, totalBytes } = this.#answer;
    const body = Buffer.concat(this.#received).subarray(headBytes, totalBytes);
    const waiting = this.#waiting;
    this.#reset();
    waiting?.resolve({ status, body });
  }

  #readHead(): { status: number; headBytes: number; totalBytes: number } | null {
    const bytes = this.#received.length === 1 ? this.#received[0] : Buffer.concat(this.#received);
    const end = bytes?.indexOf(HEAD_END) ?? -1;
    if (!bytes || end < 0) return null;
    const head = bytes.toString("latin1", 0, end);
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    const hasBody = status !== 204 && status !== 304;
    if (hasBody && length === undefined) {
      this.#fail(new Error(`an answer (${status}) without a length, which this client does not read`));
      return null;
    }
    const bodyBytes = Number(length ?? 0);
    if (bodyBytes > MAX_ANSWER_BYTES) this.#fail(new Error(`an answer of ${bodyBytes} bytes`));
    return { status, headBytes: end + HEAD_END.length, totalBytes: end + HEAD_END.length + bodyBytes };
  }

  #fail(cause: Error): void {
    const waiting = this.#waiting;
    this.#reset();
    this.#socket?.destroy();
    waiting?.reject(cause);
  }

  #reset(): void {
    this.#waiting = null;
    this.#received = [];
    this.#receivedBytes = 0;
    this.#answer = null;
  }
}
