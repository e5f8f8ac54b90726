/**
 * Just enough of a server for the agent: enrollment, link, library files and uploads, all in
 * memory.
 */
import {
  createHash,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import {
  type AgentFrame,
  decodeHandshakeAnswer,
  ENROLL_PATH,
  handshakeSigningBytes,
  LINK_PATH,
  type Order,
  type OrderCommand,
  orderSigningBytes,
  type ServerFrame,
} from "@halligan/protocol/link";
import { type WebSocket, WebSocketServer } from "ws";
import { until } from "../../../protocol/test/support/until.ts";
import { ServerSeal } from "./server-seal.ts";

export const sha256 = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");
export const DEFAULT_LIMITS: Order["limits"] = {
  scriptTimeoutMs: 600_000,
  transferTimeoutMs: 1_800_000,
  stallTimeoutMs: 120_000,
  outputLimitBytes: 10_485_760,
};

export class FakeServer implements AsyncDisposable {
  readonly frames: AgentFrame[] = [];
  readonly files = new Map<string, Uint8Array>();
  readonly uploads = new Map<string, Buffer[]>();
  readonly completed = new Map<string, Buffer>();
  readonly key: KeyObject;
  readonly keyText: string;
  readonly keyId: string;
  machineId = "";
  deviceKey = "";
  verdict: "continue" | "end" | "forget" = "continue";
  /** Acknowledges each end as it comes. */
  acknowledges = true;
  /** Answers each start as it comes. */
  grants = true;
  /** Called before each request; true when it was answered there. */
  intercept: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  /** The same, but before the body is read. */
  interceptEarly: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  #epoch = 0;
  #orderSeq = 0;
  #socket: WebSocket | null = null;
  #seal: ServerSeal | null = null;
  readonly #http: Server;
  readonly #sockets: WebSocketServer;
  readonly #scheme: string;

  /** @param tls for https */
  constructor(tls?: { cert: string; key: string }) {
    const listener = (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response);
    this.#http = tls ? createTlsServer(tls, listener) : createServer(listener);
    this.#scheme = tls ? "https" : "http";
    this.#sockets = new WebSocketServer({ server: this.#http, path: LINK_PATH });
    const pair = generateKeyPairSync("ed25519");
    this.key = pair.privateKey;
    this.keyText = pair.publicKey.export({ format: "jwk" }).x ?? "";
    this.keyId = sha256(Buffer.from(this.keyText, "base64url"));
    this.#sockets.on("connection", (socket) => this.#link(socket));
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#http.listen(0, "127.0.0.1", resolve));
    const { port } = this.#http.address() as AddressInfo;
    return `${this.#scheme}://127.0.0.1:${port}`;
  }

  addFile(text: string | Buffer): { sha256: string; sizeBytes: number } {
    const bytes = Buffer.from(text);
    this.files.set(sha256(bytes), bytes);
    return { sha256: sha256(bytes), sizeBytes: bytes.length };
  }

  order(commands: OrderCommand[], limits: Partial<Order["limits"]> = {}): Order {
    const hello = this.frames.findLast((frame) => frame.type === "hello");
    return {
      v: 1,
      machineId: this.machineId,
      actionId: `11111111-2222-4333-8444-${randomBytes(6).toString("hex")}`,
      orderSeq: ++this.#orderSeq,
      journalId: hello?.type === "hello" ? hello.journalId : "",
      acceptByMs: Date.now() + 60_000,
      limits: { ...DEFAULT_LIMITS, ...limits },
      commands,
    };
  }

  sendOrder(order: Order): void {
    const payload = JSON.stringify(order);
    const signature = sign(null, orderSigningBytes(payload), this.key).toString("base64url");
    this.send({ type: "order", payload, keyId: this.keyId, signature });
  }

  send(frame: ServerFrame): void {
    if (this.#seal) this.#socket?.send(this.#seal.seal(frame));
  }

  dropLink(): void {
    this.#socket?.terminate();
  }

  /** Resolves with the first frame, from `from` on, that the test looks for. */
  async frame<T extends AgentFrame["type"]>(
    type: T,
    matches: (frame: Extract<AgentFrame, { type: T }>) => boolean = () => true,
    from = 0,
  ): Promise<Extract<AgentFrame, { type: T }>> {
    const isWanted = (frame: AgentFrame): frame is Extract<AgentFrame, { type: T }> =>
      frame.type === type && matches(frame as Extract<AgentFrame, { type: T }>);
    return until(() => this.frames.slice(from).find(isWanted), `a frame of type ${type}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#sockets.close();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  #link(socket: WebSocket): void {
    const challenge = randomBytes(32);
    let seal: ServerSeal | null = null;
    socket.on("message", (data: Buffer, isBinary) => {
      if (!seal) {
        const answer = isBinary ? decodeHandshakeAnswer(data) : null;
        const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: this.deviceKey }, format: "jwk" });
        if (!answer || !verify(null, handshakeSigningBytes(challenge, answer), key, answer.signature)) {
          return socket.close(4401, "no");
        }
        this.#epoch += 1;
        const welcomedAtMs = performance.now();
        const welcome = {
          linkEpoch: this.#epoch,
          serverTimeMs: Date.now(),
          ticket: `ticket-${this.#epoch}`,
          pingIntervalMs: 2_000,
        };
        seal = new ServerSeal(challenge, data, this.key, welcome);
        seal.linkMs = () => Math.round(performance.now() - welcomedAtMs);
        this.#socket = socket;
        this.#seal = seal;
        socket.send(seal.welcome);
        return;
      }
      const frame = seal.open(data.toString());
      if (!frame) return socket.close(4400, "not a frame");
      if (frame.type === "ping") return this.send({ type: "pong", serverTimeMs: Date.now() });
      if (frame.type === "hello") {
        const orders = frame.orders.map(({ actionId, orderSeq }) => ({ actionId, orderSeq, verdict: this.verdict }));
        this.send({ type: "helloAnswer", orders });
      }
      if (frame.type === "started" && this.grants) this.send({ ...frame, type: "startGranted" });
      if (frame.type === "ended" && this.acknowledges) {
        const { actionId, orderSeq, index } = frame;
        this.send({ type: "ack", actionId, orderSeq, index });
      }
      this.frames.push(frame);
    });
    socket.send(challenge);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.interceptEarly(request, response)) return;
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      // The agent gave the request up.
      return;
    }
    const body = Buffer.concat(chunks);
    const url = request.url ?? "";
    if (this.intercept(request, response)) return;
    const answer = (status: number, value?: unknown) =>
      response.writeHead(status).end(value === undefined ? undefined : JSON.stringify(value));
    if (url === ENROLL_PATH) {
      const { publicKey } = JSON.parse(body.toString());
      this.deviceKey = publicKey;
      this.machineId = sha256(Buffer.from(publicKey, "base64url")).slice(0, 40);
      return void answer(200, {
        machineId: this.machineId,
        orderKeys: [{ keyId: this.keyId, publicKey: this.keyText }],
      });
    }
    if (request.headers.authorization !== `Ticket ticket-${this.#epoch}`) {
      return void answer(401, { error: { code: "Unauthorized", message: "The ticket is dead.", target: "t" } });
    }
    const file = this.files.get(/\/files\/([0-9a-f]{64})$/.exec(url)?.[1] ?? "");
    if (file) {
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
      const headers = from > 0 ? { "content-range": `bytes ${from}-${file.length - 1}/${file.length}` } : {};
      response.writeHead(from > 0 ? 206 : 200, headers).end(file.subarray(from));
      return;
    }
    const [, uploadId = "", part] = /\/uploads\/([0-9a-f]{32})\/(?:parts\/(\d+)|complete)$/.exec(url) ?? [];
    const parts = this.uploads.get(uploadId) ?? [];
    this.uploads.set(uploadId, parts);
    if (part !== undefined) {
      if (sha256(body) !== request.headers["halligan-part-sha256"]) return void answer(400);
      parts[Number(part)] = body;
      return void answer(204);
    }
    const whole = Buffer.concat(parts);
    const { sizeBytes, sha256: hash } = JSON.parse(body.toString());
    if (whole.length !== sizeBytes || sha256(whole) !== hash) {
      return void answer(409, { error: { code: "UploadMismatch", message: "It differs.", target: "t" } });
    }
    this.completed.set(uploadId, whole);
    return void answer(204);
  }
}
