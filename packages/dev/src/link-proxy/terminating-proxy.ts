import { once } from "node:events";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import { LINK_PATH } from "@halligan/protocol/link";
import { type RawData, WebSocket, WebSocketServer } from "ws";

export type Side = "agent" | "server";

/** One message of the link as the proxy reads it. `from`: the side that sent it. */
export interface LinkMessage {
  readonly from: Side;
  readonly bytes: Buffer;
  readonly isBinary: boolean;
}

/**
 * One terminated connection. Each side takes the messages of the proxy for those of the other side.
 */
export interface ProxiedConnection {
  toAgent(bytes: Uint8Array | string): void;
  toServer(bytes: Uint8Array | string): void;
  /** Ends both connections. */
  close(code?: number): void;
}

/** Called for each message; it sends on what the proxy wants to send on. */
export type OnMessage = (message: LinkMessage, crossing: ProxiedConnection) => void;

export const passOn: OnMessage = ({ from, bytes, isBinary }, crossing) => {
  const content = isBinary ? bytes : bytes.toString("utf8");
  if (from === "agent") crossing.toServer(content);
  else crossing.toAgent(content);
};

/** The JSON of a text frame, whatever precedes it. */
export const jsonOf = (message: LinkMessage): string => {
  const text = message.isBinary ? "" : message.bytes.toString("utf8");
  return text.slice(Math.max(0, text.indexOf("{")));
};

export const typeOf = (message: LinkMessage): string => /^\{"type":"([A-Za-z]+)"/.exec(jsonOf(message))?.[1] ?? "";

/**
 * A proxy that terminates TLS. It accepts the agent's WebSocket, opens one to the server, and reads
 * and writes every message of both. HTTP requests pass through.
 */
export class TerminatingProxy implements AsyncDisposable {
  onMessage: OnMessage = passOn;
  /** Connections of agents so far. */
  connections = 0;
  readonly #target: string;
  readonly #http: Server;
  readonly #agents: WebSocketServer;
  readonly #open = new Set<ProxiedConnection>();

  private constructor(target: string) {
    this.#target = target;
    this.#http = createServer((incoming, response) => this.#forward(incoming, response));
    this.#agents = new WebSocketServer({ server: this.#http, path: LINK_PATH, perMessageDeflate: false });
    this.#agents.on("connection", (agent) => this.#terminate(agent));
  }

  static async listen(target: string): Promise<TerminatingProxy> {
    const proxy = new TerminatingProxy(target);
    proxy.#http.listen({ host: "127.0.0.1", port: 0 });
    await once(proxy.#http, "listening");
    return proxy;
  }

  get url(): string {
    const address = this.#http.address();
    if (address === null || typeof address === "string") throw new Error("the proxy does not listen");
    return `http://127.0.0.1:${address.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const crossing of this.#open) crossing.close();
    for (const socket of this.#agents.clients) socket.terminate();
    this.#agents.close();
    this.#http.closeAllConnections();
    const closed = once(this.#http, "close");
    this.#http.close();
    await closed;
  }

  #terminate(agent: WebSocket): void {
    this.connections += 1;
    const server = new WebSocket(`${this.#target.replace(/^http/, "ws")}${LINK_PATH}`, { perMessageDeflate: false });
    /** What the agent sends before the proxy's own connection is open. */
    const early: (Uint8Array | string)[] = [];
    server.on("open", () => {
      for (const bytes of early.splice(0)) server.send(bytes);
    });
    const crossing: ProxiedConnection = {
      toAgent: (bytes) => {
        if (agent.readyState === WebSocket.OPEN) agent.send(bytes);
      },
      toServer: (bytes) => {
        if (server.readyState === WebSocket.CONNECTING) early.push(bytes);
        else if (server.readyState === WebSocket.OPEN) server.send(bytes);
      },
      close: (code = 1000) => {
        this.#open.delete(crossing);
        agent.close(code);
        server.close(code);
      },
    };
    this.#open.add(crossing);
    for (const [from, socket] of [
      ["agent", agent],
      ["server", server],
    ] as const) {
      socket.on("error", () => crossing.close());
      socket.on("close", (code) => crossing.close(isSendable(code) ? code : 1000));
      socket.on("message", (data, isBinary) => this.onMessage({ from, bytes: toBuffer(data), isBinary }, crossing));
    }
  }

  #forward(incoming: IncomingMessage, response: ServerResponse): void {
    const { method, headers, url } = incoming;
    const outgoing = request(`${this.#target}${url ?? ""}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on("error", () => response.destroy());
    incoming.pipe(outgoing);
  }
}

/** RFC 6455, 7.4: other codes stand for the absence of one. */
const isSendable = (code: number): boolean => code === 1000 || (code >= 3000 && code < 5000);

function toBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
