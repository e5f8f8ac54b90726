import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { ANSWER_BYTES, LINK_CLOSE, MAX_FRAME_BYTES } from "@halligan/protocol/link";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { peerAddress } from "../domain/peer-address.ts";
import type { Gateway } from "./gateway.ts";
import type { LinkSocket } from "./link-socket.ts";

/** How long a closed link may take to say goodbye before its connection is cut. */
const CLOSE_GRACE_MS = 2_000;
/**
 * What a connection may send before its device is known: the one answer in its frame, and some control frames. A frame of the largest size,
 * never finished, would otherwise hold its bytes here for as long as the connection lasts (threats 1.4 and 1.6).
 */
const MAX_UNKNOWN_BYTES = 8 * ANSWER_BYTES;

/** The `ws` end of the gateway: what upgrades on LINK_PATH becomes a link. */
export class WsGateway {
  readonly #gateway: Gateway;
  readonly #sockets: WebSocketServer;
  readonly #refuse: (socket: Duplex, reason: string) => void;

  /** `refuse` answers an upgrade that is not taken. */
  constructor(gateway: Gateway, refuse: (socket: Duplex, reason: string) => void) {
    this.#gateway = gateway;
    this.#refuse = refuse;
    // No compression: its window costs each idle link memory, and a small frame could unpack to a large one.
    this.#sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false });
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A browser sends Origin; no agent does. A page must not be able to speak the link (threat 3.5).
    if (request.headers.origin !== undefined) {
      this.#refuse(socket, "The agent link is not for browsers");
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (ws) => this.#connected(ws, request));
  }

  async close(): Promise<void> {
    await this.#gateway.close();
    const open = [...this.#sockets.clients];
    if (open.length > 0) await goodbye(open);
    this.#sockets.close();
  }

  #connected(ws: WebSocket, { socket }: IncomingMessage): void {
    const link = new WsLinkSocket(ws, socket);
    // An error is always followed by close, which is where the link learns of it.
    ws.on("error", ignore);
    const events = this.#gateway.connect(link);
    if (!events) {
      ws.close(LINK_CLOSE.goingAway, "no room for another link");
      return;
    }
    ws.on("message", (data, isBinary) => {
      const bytes = toBytes(data);
      if (isBinary) events.binary(bytes);
      else events.text(bytes.toString("utf8"));
    });
    ws.on("close", () => events.closed());
  }
}

/** A class and not an object of closures: there are as many as links, and they last as long. */
class WsLinkSocket implements LinkSocket {
  readonly remoteAddress: string;
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  /** Null once the device is known. */
  #countUnknown: ((chunk: Buffer) => void) | null;

  constructor(ws: WebSocket, socket: Socket) {
    this.#ws = ws;
    this.#socket = socket;
    this.remoteAddress = peerAddress(socket.remoteAddress);
    let unknownBytes = 0;
    this.#countUnknown = (chunk) => {
      unknownBytes += chunk.length;
      if (unknownBytes > MAX_UNKNOWN_BYTES) ws.terminate();
    };
    socket.on("data", this.#countUnknown);
  }

  sendBinary(frame: Uint8Array): void {
    this.#ws.send(frame);
  }

  sendText(frame: string): void {
    // The first text is the welcome: the device is known.
    if (this.#countUnknown) this.#socket.off("data", this.#countUnknown);
    this.#countUnknown = null;
    this.#ws.send(frame);
  }

  bufferedBytes(): number {
    return this.#ws.bufferedAmount;
  }

  close(code: number, reason: string): void {
    this.#ws.close(code, reason.slice(0, 120));
    // ws waits 30 s for the goodbye of the other side, and takes its frames meanwhile.
    const cut = setTimeout(() => this.#ws.terminate(), CLOSE_GRACE_MS).unref();
    this.#ws.once("close", () => clearTimeout(cut));
  }
}

const ignore = (): void => undefined;

function toBytes(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}

/** Waits until every socket has closed, then cuts those that did not. */
async function goodbye(sockets: readonly WebSocket[]): Promise<void> {
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
