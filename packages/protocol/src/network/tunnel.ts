/** A connection to a server through a proxy: CONNECT (RFC 9110, 9.3.6). */

import net from "node:net";
import tls from "node:tls";
import { errorCode } from "../errors/error-code.ts";
import { ProxyError } from "./proxy-error.ts";
import type { HttpProxy } from "./proxy-rules.ts";

export interface TunnelTarget {
  hostname: string;
  port: number;
}

/** Largest head of a proxy's response, in bytes. */
const MAX_HEAD_BYTES = 16 * 1024;

/**
 * Resolves to the socket when the proxy has connected it to the target. Rejects with ProxyError.
 * @param timeoutMs from the start until the proxy's response
 */
export async function openTunnel(proxy: HttpProxy, target: TunnelTarget, timeoutMs: number): Promise<net.Socket> {
  const socket = connectTo(proxy);
  try {
    const head = await responseHead(socket, proxy, target, timeoutMs);
    checkResponse(head.text, proxy, target);
    // What follows the head belongs to the target.
    if (head.rest.length > 0) socket.unshift(head.rest);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

function connectTo({ isTls, hostname, port }: HttpProxy): net.Socket {
  const host = withoutBrackets(hostname);
  if (!isTls) return net.connect({ host, port });
  return tls.connect({ host, port, ALPNProtocols: ["http/1.1"], ...serverName(host) });
}

/** A server name of TLS is never an address. */
export function serverName(host: string): { servername?: string } {
  return net.isIP(host) === 0 ? { servername: host } : {};
}

export function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}

function requestText({ authorization }: HttpProxy, { hostname, port }: TunnelTarget): string {
  const authority = `${hostname}:${port}`;
  const lines = [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`];
  if (authorization !== null) lines.push(`Proxy-Authorization: ${authorization}`);
  return `${lines.join("\r\n")}\r\n\r\n`;
}

interface Head {
  text: string;
  rest: Buffer;
}

function responseHead(socket: net.Socket, proxy: HttpProxy, target: TunnelTarget, timeoutMs: number): Promise<Head> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const fail = (message: string, cause?: unknown) => end(() => reject(new ProxyError(message, { cause })));
    const timer = setTimeout(() => fail(silent(proxy, timeoutMs)), timeoutMs);
    const onConnect = () => void socket.write(requestText(proxy, target));
    // Not with 'data', because a socket that is paused here would stay paused for its next owner.
    const onReadable = () => {
      const chunk: Buffer | null = socket.read();
      if (chunk === null) return;
      received = Buffer.concat([received, chunk]);
      const endsAt = received.indexOf("\r\n\r\n");
      if (endsAt >= 0 && endsAt <= MAX_HEAD_BYTES) {
        const head = { text: received.toString("latin1", 0, endsAt), rest: received.subarray(endsAt + 4) };
        return end(() => resolve(head));
      }
      if (received.length > MAX_HEAD_BYTES)
        return fail(`The proxy ${proxy.name} sent a response whose head does not end.`);
    };
    const onError = (error: Error) => fail(`The proxy ${proxy.name} ${unreachable(error, proxy)}`, error);
    const onClose = () =>
      fail(`The proxy ${proxy.name} closed the connection without a response. Check ${proxy.variable}.`);
    const end = (settle: () => void) => {
      clearTimeout(timer);
      socket.off(connected, onConnect).off("readable", onReadable).off("error", onError).off("close", onClose);
      // Until the next owner listens, an error must not end the process.
      socket.on("error", () => undefined);
      settle();
    };
    const connected = proxy.isTls ? "secureConnect" : "connect";
    socket.once(connected, onConnect).on("readable", onReadable).once("error", onError).once("close", onClose);
  });
}

function silent({ name, variable }: HttpProxy, timeoutMs: number): string {
  return `The proxy ${name} did not respond within ${timeoutMs / 1000} seconds. Check ${variable}.`;
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "cannot be reached: nothing listens there.",
  ENOTFOUND: "cannot be reached: its name is not known.",
  EAI_AGAIN: "cannot be reached: its name could not be looked up.",
  ECONNRESET: "broke the connection off.",
  EHOSTUNREACH: "cannot be reached: there is no route to it.",
  ENETUNREACH: "cannot be reached: there is no route to it.",
  ETIMEDOUT: "cannot be reached: it does not respond.",
};

function unreachable(error: Error, { variable, isTls }: HttpProxy): string {
  const code = errorCode(error) ?? "";
  const known = REASONS[code];
  if (known) return `${known} Check ${variable}.`;
  if (/WRONG_VERSION|PACKET_LENGTH|EPROTO/.test(code)) {
    return `does not speak TLS; write http:// instead of https:// in ${variable}.`;
  }
  if (isTls)
    return `has a certificate that is not trusted (${code || error.message}); trust its authority's certificate.`;
  return `cannot be used: ${code || error.message}.`;
}

function checkResponse(head: string, proxy: HttpProxy, { hostname, port }: TunnelTarget): void {
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0);
  if (status >= 200 && status < 300) return;
  const target = `${hostname}:${port}`;
  const { name, variable } = proxy;
  // tinyproxy refuses wrong credentials with 401.
  if (status === 407 || status === 401) {
    const schemes = [...head.matchAll(/^proxy-authenticate:\s*([\w-]+)/gim)].map((found) => found[1] ?? "");
    if (schemes.length > 0 && !schemes.some((scheme) => scheme.toLowerCase() === "basic")) {
      throw new ProxyError(
        `The proxy ${name} wants ${schemes.join(" or ")} authentication, which is not supported; let it accept Basic ` +
          `or reach ${target} without credentials.`,
      );
    }
    throw new ProxyError(
      proxy.authorization === null
        ? `The proxy ${name} wants credentials (${status}): give them in ${variable} as http://USER:PASSWORD@HOST:PORT.`
        : `The proxy ${name} refused the credentials in ${variable} (${status}): correct the user name or the password.`,
    );
  }
  if (status === 403 || status === 405) {
    throw new ProxyError(
      `The proxy ${name} refused a connection to ${target} (${status}): let it allow CONNECT to port ${port} of that ` +
        "server, or name the server in NO_PROXY.",
    );
  }
  if (status >= 500) {
    throw new ProxyError(
      `The proxy ${name} could not connect to ${target} (${status}): check that the proxy reaches that server.`,
    );
  }
  if (status === 0) throw new ProxyError(`${name} does not respond as an HTTP proxy does. Check ${variable}.`);
  throw new ProxyError(`The proxy ${name} responded with status ${status} to CONNECT ${target}.`);
}
