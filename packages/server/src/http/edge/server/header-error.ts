import type { IncomingMessage } from "node:http";

const HOST = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?$/i;

/**
 * What is wrong with the Host and Authorization headers, or null. HTTP/1.1 wants exactly one Host
 * (RFC 9112 section 3.2); HTTP/1.0 need not have it. Of two Authorization headers Node takes the
 * first and a proxy may check the second.
 */
export function headerError(raw: IncomingMessage): string | null {
  if (countOf(raw, "authorization") > 1) return "The Authorization header is given more than once";
  const count = countOf(raw, "host");
  if (count === 0) return raw.httpVersion === "1.0" ? null : "The Host header is missing";
  if (count > 1) return "The Host header is given more than once";
  return HOST.test(raw.headers.host ?? "") ? null : "The Host header is malformed";
}

const countOf = ({ rawHeaders }: IncomingMessage, wanted: string): number =>
  rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === wanted).length;
