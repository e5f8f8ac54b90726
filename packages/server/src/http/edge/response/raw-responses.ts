import type { Duplex } from "node:stream";
import { nodeHttp } from "@halligan/protocol/network";
import { toJsonText } from "@halligan/protocol/text";
import { errorBody } from "../http-response.ts";
import { standardHeaders } from "./write-response.ts";

/** How long a client may take to read the response to a malformed request, in milliseconds. */
const LINGER_MS = 2_000;

/** What Node's parser found wrong, as a response. */
export function malformedRequestError(code: string | undefined): { readonly status: number; readonly message: string } {
  if (code === "HPE_HEADER_OVERFLOW") return { status: 431, message: "The request line and headers are too long" };
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return { status: 408, message: "The request did not arrive in time" };
  return { status: 400, message: "The request is not well-formed HTTP" };
}

/**
 * Answers on a bare socket, where no response object exists, with the same body as everywhere, and
 * closes.
 */
export function respondOnSocket(
  socket: Duplex,
  id: string,
  status: number,
  code: string,
  message: string,
  extraHeaders: Readonly<Record<string, string>> = {},
): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = toJsonText(errorBody(code, message, id));
  const headers = {
    ...standardHeaders(id),
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    connection: "close",
    ...extraHeaders,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on("error", () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${nodeHttp.STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n${body}`);
  // Closing at once would reset the connection while the client is still writing, and take the
  // response with it.
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once("close", () => clearTimeout(timer));
}
