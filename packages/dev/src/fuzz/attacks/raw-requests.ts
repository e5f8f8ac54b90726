import { connect } from "node:net";
import type { RequestCount } from "../fuzz-context.ts";

/** Where a status line begins; what it may share with the next chunk. */
const STATUS = /HTTP\/1\.1 (\d{3})/g;
const STATUS_CHARACTERS = "HTTP/1.1 200".length;
/**
 * Longest wait for a byte of a response. If a request announces a longer body than it sends, both
 * sides wait.
 */
const QUIET_MS = 250;
/** Far beyond any answer and any close. */
const SILENCE_MS = 30_000;

/**
 * Writes the bytes of some requests on one connection and counts the answers. Once all are there,
 * or nothing comes any more, it says that it has ended and waits for the server to close.
 */
export async function sendRaw(baseUrl: string, requests: readonly Buffer[], count: RequestCount): Promise<void> {
  const { hostname, port } = new URL(baseUrl);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  count.requests += requests.length;
  let answered = 0;
  let rest = "";
  let hasEnded = false;
  const end = () => {
    if (hasEnded) socket.destroy();
    hasEnded = true;
    socket.end();
    socket.setTimeout(SILENCE_MS);
  };
  socket
    .on("error", () => undefined)
    .on("end", end)
    .on("timeout", end);
  socket.setTimeout(QUIET_MS);
  socket.on("data", (chunk: Buffer) => {
    const text = rest + chunk.toString("latin1");
    rest = text.slice(1 - STATUS_CHARACTERS);
    for (const [, digits] of text.matchAll(STATUS)) {
      const status = Number(digits);
      count.byStatus.set(status, (count.byStatus.get(status) ?? 0) + 1);
      if (status >= 200) answered += 1;
    }
    if (answered >= requests.length && !hasEnded) end();
  });
  for (const bytes of requests) socket.write(bytes);
  // Not `once` of node:events, which throws when the server cuts a connection in the middle: that
  // is one of the right answers.
  if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
  if (answered === 0) count.byStatus.set(0, (count.byStatus.get(0) ?? 0) + 1);
}

/** `lengthOff`: by how much the announced length lies. */
export function requestBytes(
  host: string,
  method: string,
  target: string,
  {
    headers = [],
    body,
    lengthOff = 0,
  }: { headers?: readonly string[]; body?: string | Uint8Array; lengthOff?: number } = {},
): Buffer {
  const content = body === undefined ? null : Buffer.from(body);
  const lines = [`${method} ${target} HTTP/1.1`, `Host: ${host}`, ...headers];
  if (content) lines.push(`Content-Length: ${Math.max(0, content.length + lengthOff)}`);
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1"), content ?? Buffer.alloc(0)]);
}
