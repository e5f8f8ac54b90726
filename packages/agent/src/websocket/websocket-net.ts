/**
 * Opens the server connection: a WebSocket over node's HTTP client, so it uses the same proxy and
 * the same trust as transfers.
 */

import { createHash, randomBytes } from "node:crypto";
import type http from "node:http";
import https from "node:https";
import type { Duplex } from "node:stream";
import { LINK_PATH } from "@halligan/protocol/link";
import { type Network, nodeHttp } from "@halligan/protocol/network";
import { networkFailure } from "@halligan/protocol/text";
import { abortable } from "@halligan/protocol/time";
import { userAgent } from "@halligan/protocol/version";
import type { Net } from "../core/ports.ts";
import { WebSocketConnection } from "./websocket-connection.ts";

const ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const SWITCHING_PROTOCOLS = 101;

export function agentConnectionUrl(serverUrl: string): URL {
  const url = new URL(serverUrl);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}${LINK_PATH}`;
  return url;
}

/**
 * @param beforeEach called before each connection, because the certificates of the system can
 * change
 */
export function webSocketNet(serverUrl: string, network: Network, beforeEach: () => unknown = () => undefined): Net {
  const url = agentConnectionUrl(serverUrl);
  return {
    async connect(signal) {
      beforeEach();
      const { socket, head } = await upgrade(url, network, signal);
      return new WebSocketConnection(socket, head);
    },
  };
}

interface Upgraded {
  socket: Duplex;
  head: Uint8Array;
}

async function upgrade(url: URL, network: Network, signal: AbortSignal): Promise<Upgraded> {
  signal.throwIfAborted();
  const key = randomBytes(16).toString("base64");
  const request = (url.protocol === "https:" ? https : nodeHttp).request(url, {
    agent: network.upgradeAgentFor(url),
    headers: {
      "user-agent": userAgent("halligan-agent"),
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": key,
    },
  });
  const opened = new Promise<Upgraded>((resolve, reject) => {
    request.once("upgrade", (response, socket, head) => {
      if (response.statusCode === SWITCHING_PROTOCOLS && isAccepted(response, key)) return resolve({ socket, head });
      socket.destroy();
      reject(new Error("The server could not be reached: what answers at its address is not a WebSocket server."));
    });
    request.once("response", (response) => {
      response.destroy();
      const status = `HTTP ${response.statusCode ?? 0}`;
      reject(new Error(`The server answered with ${status} instead of a WebSocket: check its address, and any proxy.`));
    });
    request.once("error", (error) => {
      reject(new Error(networkFailure(url.href, error), { cause: error }));
    });
  });
  request.end();
  try {
    return await abortable(opened, signal);
  } catch (error) {
    request.on("error", () => undefined);
    request.destroy();
    // The caller gave up. A connection that still opens is closed.
    opened.then(({ socket }) => socket.destroy()).catch(() => undefined);
    throw error;
  }
}

function isAccepted({ headers }: http.IncomingMessage, key: string): boolean {
  const expected = createHash("sha1").update(`${key}${ACCEPT_SUFFIX}`).digest("base64");
  return headers["sec-websocket-accept"] === expected;
}
