import type http from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import https from "node:https";
import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { nodeHttp } from "@halligan/protocol/network";
import { httpError } from "../http-response.ts";
import type { HttpLimits } from "../limits.ts";
import { malformedRequestError, respondOnSocket } from "../response/raw-responses.ts";
import { writeResponse } from "../response/write-response.ts";
import { awaitFirstBytes } from "./first-bytes.ts";
import { splitTarget } from "./request-path.ts";
import { RequestsInTurn } from "./requests-in-turn.ts";

/**
 * Takes over a socket that asked for a WebSocket: what `ws` has as `handleUpgrade`. `address`: the
 * caller's, also behind a trusted proxy.
 */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer, address: string) => void;

/** PEM texts. */
export interface TlsSource {
  readonly cert: string;
  readonly key: string;
  /**
   * Calls back with what takes their place: new connections are served with it, open ones go on.
   */
  readonly onChange?: (apply: (pair: { readonly cert: string; readonly key: string }) => void) => void;
}

export interface HttpServerOptions {
  readonly limits: HttpLimits;
  /** Without it the server speaks plain HTTP, for a proxy or loopback. */
  readonly tls?: TlsSource | undefined;
  /** By path in lower case. */
  readonly upgrades: ReadonlyMap<string, UpgradeHandler>;
  readonly newRequestId: () => string;
  readonly addressOf: (request: IncomingMessage) => string;
  readonly onMalformed: (id: string, code: string | undefined, peer: string | undefined) => void;
}

/** Requests whose client waits for `100 Continue`. */
const waiting = new WeakSet<IncomingMessage>();

/** Whether the client still waits to be asked for the body. */
export const isWaitingForContinue = (raw: IncomingMessage): boolean => waiting.has(raw);

export function inviteBody(raw: IncomingMessage, response: ServerResponse): void {
  if (waiting.delete(raw)) response.writeContinue();
}

/**
 * Node's server with bounds on everything slow or large, and with our own responses wherever Node
 * has one of its own: malformed HTTP, unknown expectations, tunnels. `handle` gets every request,
 * also one that asks for an upgrade that is not served (Java's client asks for h2c).
 */
export function createHttpServer(handle: http.RequestListener, options: HttpServerOptions): http.Server {
  const { limits, tls, upgrades, newRequestId, addressOf, onMalformed } = options;
  const upgradeOf = (request: IncomingMessage): UpgradeHandler | undefined =>
    request.method === "GET" && request.headers.upgrade?.toLowerCase() === "websocket"
      ? upgrades.get(splitTarget(request.url ?? "").path.toLowerCase())
      : undefined;
  const settings: http.ServerOptions = {
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.headersTimeoutMs,
    // A bound on whole requests would cut large uploads; bodies have bounds of their own
    // (`read-body.ts`, `inactivityMs`).
    requestTimeout: 0,
    keepAliveTimeout: limits.keepAliveMs,
    connectionsCheckingInterval: Math.min(5_000, limits.headersTimeoutMs),
    // Checked by us, so that the refusal has a body.
    requireHostHeader: false,
    shouldUpgradeCallback: (request) => upgradeOf(request) !== undefined,
  };
  const server =
    tls === undefined
      ? nodeHttp.createServer(settings)
      : createTlsServer({ ...settings, handshakeTimeout: limits.tlsHandshakeTimeoutMs }, tls);
  if (tls !== undefined) awaitFirstBytes(server, limits.headersTimeoutMs);
  server.setTimeout(limits.inactivityMs);

  const responses = new WeakMap<Duplex, ServerResponse>();
  const inTurn = new RequestsInTurn();
  const takeTurn = (request: IncomingMessage, response: ServerResponse, respond: () => void) => {
    const { socket } = request;
    const isTaken = inTurn.take(socket, response, () => {
      responses.set(socket, response);
      respond();
    });
    if (!isTaken) onMalformed(newRequestId(), "TOO_MANY_PIPELINED", socket.remoteAddress);
  };
  const receive: http.RequestListener = (request, response) =>
    takeTurn(request, response, () => handle(request, response));
  server.on("request", receive);
  server.on("checkContinue", (request, response) => {
    // Not invited yet: a refused request is answered before its body is sent.
    waiting.add(request);
    receive(request, response);
  });
  server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => {
    const exchange = { id: newRequestId(), raw: request, rawResponse: response, mustClose: true };
    const refused = httpError(417, "BadRequest", "The expectation in the Expect header is not known");
    takeTurn(request, response, () => void writeResponse(exchange, refused));
  });
  // A tunnel or WebSocket that begins in the middle of a response would mix its bytes with it.
  const isMisplaced = (socket: Duplex): boolean => {
    const isResponding = inTurn.isResponding(socket);
    if (isResponding) socket.destroy();
    return isResponding;
  };
  server.on("connect", (_request: IncomingMessage, socket: Duplex) => {
    if (isMisplaced(socket)) return;
    respondOnSocket(socket, newRequestId(), 404, "NotFound", "This server is no proxy");
  });
  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (isMisplaced(socket)) return;
    const upgrade = upgradeOf(request);
    // Node before 24.9 does not ask shouldUpgradeCallback.
    if (upgrade === undefined)
      respondOnSocket(socket, newRequestId(), 404, "NotFound", "There is nothing to upgrade to");
    else upgrade(request, socket, head, addressOf(request));
  });
  const answeredSockets = new WeakSet<Duplex>();
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (answeredSockets.has(socket)) return;
    answeredSockets.add(socket);
    const response = responses.get(socket);
    const isResponding = response?.headersSent && !response.writableFinished;
    // No response can be sent before the handshake is over.
    if (error.code === "ECONNRESET" || error.code === "ERR_TLS_HANDSHAKE_TIMEOUT" || isResponding) {
      socket.destroy();
      return;
    }
    const id = newRequestId();
    onMalformed(id, error.code, socket instanceof Socket ? socket.remoteAddress : undefined);
    const { status, message } = malformedRequestError(error.code);
    respondOnSocket(socket, id, status, "BadRequest", message);
  });
  return server;
}

function createTlsServer(settings: https.ServerOptions, { cert, key, onChange }: TlsSource): http.Server {
  const server = https.createServer({ ...settings, cert, key });
  onChange?.((pair) => server.setSecureContext({ cert: pair.cert, key: pair.key }));
  return server;
}
