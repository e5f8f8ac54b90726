import type { IncomingMessage } from "node:http";

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?$/i;

/** What is wrong with the Host header, or null. HTTP/1.1 wants exactly one (RFC 9112 section 3.2); HTTP/1.0 need not have it. */
export function hostFault(raw: IncomingMessage): string | null {
  const names = raw.rawHeaders.filter((_, i) => i % 2 === 0);
  const count = names.filter((name) => name.toLowerCase() === "host").length;
  if (count === 0) return raw.httpVersion === "1.0" ? null : "The Host header is missing";
  if (count > 1) return "The Host header is given more than once";
  return HOST.test(raw.headers.host ?? "") ? null : "The Host header is malformed";
}
