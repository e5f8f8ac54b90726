import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { ANSWER_BYTES, LINK_CLOSE, MAX_AGENT_FRAME_BYTES, MAX_HELLO_BYTES } from "@halligan/protocol/link";
import type { Clock } from "@halligan/protocol/time";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { peerAddress } from "../network/peer-address.ts";
import type { ConnectionRefusal } from "./connection-budget.ts";
import type { AgentSocket, AgentSocketEvents } from "./frames/agent-socket.ts";
import { FrameRate } from "./frames/frame-rate.ts";
import type { Gateway } from "./gateway.ts";

/**
 * How long a closed connection waits for the device's close frame before its socket is destroyed.
 */
const CLOSE_GRACE_MS = 2_000;
/**
 * What a connection may send before its device is known: one answer in one frame, and some control
 * frames. A larger bound would let an unfinished frame of the largest size keep its bytes in memory
 * for as long as the connection lasts (threats 1.4 and 1.6).
 */
const MAX_UNAUTHENTICATED_BYTES = 8 * ANSWER_BYTES;
/**
 * An agent sends each message in one frame; proxies may split some of them. A fragment without
 * bytes costs as much as a message, but only messages are counted.
 */
const MAX_FRAGMENTS = 128;

/** Why an upgrade is refused. */
export type UpgradeRefusal = { code: "origin" } | ConnectionRefusal;

export interface WsGatewayOptions {
  clock: Clock;
  /** Answers an upgrade that is refused. */
  refuse(socket: Duplex, refusal: UpgradeRefusal): void;
  /**
   * Units per second of one connection. A frame costs one unit; a large frame or a report costs
   * several.
   */
  framesPerSecond?: number;
  /**
   * Whether connections of many devices come from one address, for example behind a proxy. Then
   * there is no bound per address.
   */
  isAddressShared?: boolean;
}
export const DEFAULT_FRAMES_PER_SECOND = 1_000;

/** The `ws` end of the gateway: an upgrade on LINK_PATH becomes an agent connection. */
export class WsGateway {
  readonly #gateway: Gateway;
  readonly #sockets: WebSocketServer;
  readonly #options: WsGatewayOptions;

  constructor(gateway: Gateway, options: WsGatewayOptions) {
    this.#gateway = gateway;
    this.#options = options;
    // Compression is off: its window takes memory of each idle connection, and a small frame could
    // unpack to a large one.
    this.#sockets = new WebSocketServer({
      noServer: true,
      maxPayload: MAX_AGENT_FRAME_BYTES,
      maxFragments: MAX_FRAGMENTS,
      perMessageDeflate: false,
    });
  }

  /**
   * `remoteAddress`: the address of the device, also behind a trusted proxy. Default: the peer of
   * the connection.
   */
  upgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    remoteAddress = peerAddress(request.socket.remoteAddress),
  ): void {
    // Browsers send Origin and agents do not. A web page must not be able to speak the link
    // protocol (threat 3.5).
    if (request.headers.origin !== undefined) {
      this.#options.refuse(socket, { code: "origin" });
      return;
    }
    const address = this.#options.isAddressShared ? null : remoteAddress;
    const refusal = this.#gateway.refusalFor(address);
    if (refusal) this.#options.refuse(socket, refusal);
    else
      this.#sockets.handleUpgrade(request, socket, head, (ws) =>
        this.#connected(new WsAgentSocket(ws, request.socket, remoteAddress), ws, address),
      );
  }

  /** Includes connections that were closed here while their network end is still open. */
  get socketCount(): number {
    return this.#sockets.clients.size;
  }

  async close(): Promise<void> {
    await this.#gateway.close();
    const open = [...this.#sockets.clients];
    if (open.length > 0) await waitForClose(open);
    this.#sockets.close();
  }

  #connected(connection: WsAgentSocket, ws: WebSocket, address: string | null): void {
    const rate = new FrameRate(this.#options.clock, this.#options.framesPerSecond ?? DEFAULT_FRAMES_PER_SECOND);
    // An error is always followed by `close`, and the connection handles that event.
    ws.on("error", ignore);
    const events = this.#gateway.connect(connection, address);
    if (!events) {
      connection.close(LINK_CLOSE.goingAway, "the server stops");
      return;
    }
    connection.countUntilReady(events);
    // The server never sends a ping, so a pong means nothing. Parsing one costs as much as a ping.
    for (const control of ["ping", "pong"] as const) ws.on(control, (data) => rate.count(data.length, 0, ws));
    ws.on("close", () => rate.stop());
    ws.on("message", (data, isBinary) => {
      const bytes = toBytes(data);
      if (isBinary) events.binary(bytes);
      const handlingUnits = isBinary ? 0 : events.text(bytes.toString("utf8"));
      rate.count(bytes.length, handlingUnits, ws);
    });
    ws.on("close", () => events.closed());
  }
}

/**
 * A class and not an object of closures, because there is one for each connection and it lasts as
 * long.
 */
class WsAgentSocket implements AgentSocket {
  readonly remoteAddress: string;
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  /** Most bytes before the connection is ready. The welcome adds the size of a hello. */
  #limitBytes = MAX_UNAUTHENTICATED_BYTES;

  constructor(ws: WebSocket, socket: Socket, remoteAddress: string) {
    this.#ws = ws;
    this.#socket = socket;
    this.remoteAddress = remoteAddress;
  }

  /** Ends the connection at the limit. Removes its listener when the connection is ready. */
  countUntilReady(events: AgentSocketEvents): void {
    let receivedBytes = 0;
    const count = (chunk: Buffer) => {
      receivedBytes += chunk.length;
      if (events.isReady) this.#socket.off("data", count);
      else if (receivedBytes > this.#limitBytes) this.#ws.terminate();
    };
    this.#socket.on("data", count);
  }

  sendBinary(frame: Uint8Array): void {
    this.#ws.send(frame);
  }

  sendText(frame: string): void {
    // The first text is the welcome, so the device is known.
    this.#limitBytes = MAX_UNAUTHENTICATED_BYTES + MAX_HELLO_BYTES;
    this.#ws.send(frame);
  }

  bufferedBytes(): number {
    return this.#ws.bufferedAmount;
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason.slice(0, 120));
    // `ws` waits 30 s for the close frame of the other side and accepts frames meanwhile.
    const cut = setTimeout(() => this.#ws.terminate(), CLOSE_GRACE_MS).unref();
    this.#ws.once("close", () => clearTimeout(cut));
  }
}

const ignore = (): void => undefined;

function toBytes(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

/** Waits until every socket has closed, then destroys those that have not. */
async function waitForClose(sockets: readonly WebSocket[]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let open = sockets.length;
  const cut = setTimeout(() => {
    for (const ws of sockets) ws.terminate();
  }, CLOSE_GRACE_MS);
  for (const ws of sockets) {
    ws.once("close", () => {
      open -= 1;
      if (open === 0) resolve();
    });
  }
  await promise;
  clearTimeout(cut);
}
