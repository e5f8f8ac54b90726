import { once } from "node:events";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { parsed } from "./api.ts";

export interface RawAnswer {
  /** 0 when the connection was closed without an answer. */
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: unknown;
  /** Interim answers before it, such as 100. */
  readonly interim: readonly number[];
}

/**
 * Long enough for a loaded machine, short enough that a server which never answers fails the test
 * by name.
 */
const HANG_MS = 20_000;

/**
 * A connection on which exactly the given bytes are written. Answers are read one by one, as they
 * are framed.
 */
export class RawConnection implements AsyncDisposable {
  readonly #socket;
  readonly #host: string;
  #received = Buffer.alloc(0);
  #isEnded = false;

  constructor(baseUrl: string) {
    const { protocol, hostname, port, host } = new URL(baseUrl);
    const isTls = protocol === "https:";
    const at = { host: hostname, port: Number(port) || (isTls ? 443 : 80) };
    this.#host = host;
    this.#socket = isTls ? connectTls({ ...at, servername: hostname, ALPNProtocols: ["http/1.1"] }) : connect(at);
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
    this.#socket.on("error", () => undefined);
    this.#socket.on("close", () => {
      this.#isEnded = true;
    });
  }

  /** What belongs into the Host header. */
  get host(): string {
    return this.#host;
  }

  write(bytes: string | Uint8Array): void {
    this.#socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** No more is coming from this side. */
  end(): void {
    this.#socket.end();
  }

  /**
   * The next final answer; status 0 when the server closes without one. Throws when nothing comes.
   */
  async answer({ isHead = false } = {}): Promise<RawAnswer> {
    const deadline = AbortSignal.timeout(HANG_MS);
    const interim: number[] = [];
    for (;;) {
      const taken = this.#take(isHead);
      if (taken !== null && taken.status >= 100 && taken.status < 200 && taken.status !== 101)
        interim.push(taken.status);
      else if (taken !== null) return { ...taken, interim };
      else if (this.#isEnded) return { status: 0, headers: new Headers(), text: "", body: undefined, interim };
      else await this.#more(deadline);
    }
  }

  async #more(deadline: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const done = () => resolve();
    const late = () =>
      reject(new Error(`no answer within ${HANG_MS} ms; received: ${this.#received.toString("latin1")}`));
    this.#socket.once("data", done).once("close", done);
    deadline.addEventListener("abort", late);
    try {
      await promise;
    } finally {
      this.#socket.off("data", done).off("close", done);
      deadline.removeEventListener("abort", late);
    }
  }

  /** One whole answer from what was received, or null when it is not all there. */
  #take(isHead: boolean): Omit<RawAnswer, "interim"> | null {
    const headEnd = this.#received.indexOf("\r\n\r\n");
    if (headEnd < 0) return null;
    const [statusLine = "", ...lines] = this.#received.toString("latin1", 0, headEnd).split("\r\n");
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1] ?? Number.NaN);
    const headers = new Headers(
      lines.map((line): [string, string] => [
        line.slice(0, line.indexOf(":")),
        line.slice(line.indexOf(":") + 1).trim(),
      ]),
    );
    const hasBody = !isHead && status >= 200 && status !== 204 && status !== 304;
    const bodyAt = headEnd + 4;
    const rest = this.#received.subarray(bodyAt);
    const body = hasBody ? takeBody(rest, headers) : { content: Buffer.alloc(0), takenBytes: 0 };
    if (body === null) return null;
    this.#received = rest.subarray(body.takenBytes);
    const text = body.content.toString("utf8");
    return { status, headers, text, body: parsed(text) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy();
    if (!this.#isEnded) await once(this.#socket, "close");
  }
}

interface TakenBody {
  readonly content: Buffer;
  readonly takenBytes: number;
}

/** The body that the headers announce, or null when it is not all there. */
function takeBody(bytes: Buffer, headers: Headers): TakenBody | null {
  if (headers.get("transfer-encoding")?.toLowerCase() === "chunked") return takeChunks(bytes);
  const length = Number(headers.get("content-length") ?? 0);
  return bytes.length < length ? null : { content: bytes.subarray(0, length), takenBytes: length };
}

function takeChunks(bytes: Buffer): TakenBody | null {
  const chunks: Buffer[] = [];
  for (let from = 0; ; ) {
    const lineEnd = bytes.indexOf("\r\n", from);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(bytes.toString("latin1", from, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (!Number.isInteger(size) || bytes.length < next) return null;
    if (size === 0) return { content: Buffer.concat(chunks), takenBytes: next };
    chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    from = next;
  }
}

export interface RawRequest {
  readonly method?: string;
  /** The request target, byte for byte. */
  readonly target: string;
  /** Header lines; Host is added unless one of them is it. */
  readonly headers?: readonly string[];
  /** Gets a Content-Length unless a header says how it is framed. */
  readonly body?: string | Uint8Array;
}

export function rawBytes(host: string, { method = "GET", target, headers = [], body }: RawRequest): Buffer {
  const has = (name: string) => headers.some((line) => line.toLowerCase().startsWith(`${name}:`));
  const content = typeof body === "string" ? Buffer.from(body, "utf8") : Buffer.from(body ?? []);
  const framed = has("content-length") || has("transfer-encoding") || body === undefined;
  const lines = [
    `${method} ${target} HTTP/1.1`,
    ...(has("host") ? [] : [`Host: ${host}`]),
    ...headers,
    ...(framed ? [] : [`Content-Length: ${content.length}`]),
  ];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), content]);
}

/** One request on a connection of its own. */
export async function rawSend(baseUrl: string, request: RawRequest): Promise<RawAnswer> {
  await using connection = new RawConnection(baseUrl);
  connection.write(rawBytes(connection.host, request));
  return await connection.answer({ isHead: request.method === "HEAD" });
}
