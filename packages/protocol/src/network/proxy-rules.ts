/**
 * Which proxy a request takes, from the variables that curl and most programs read. Pure.
 *
 * HTTPS_PROXY is for https and wss, HTTP_PROXY for http and ws, ALL_PROXY for both where theirs is
 * not set. Each is also read in lower case, which wins. An empty variable counts as not set. This
 * machine itself is never reached through a proxy, because a proxy elsewhere would reach itself.
 */
import { isNotProxied } from "./no-proxy.ts";
import { ProxyError } from "./proxy-error.ts";

export type ProxyEnvironment = Readonly<Record<string, string | undefined>>;

export interface HttpProxy {
  isTls: boolean;
  hostname: string;
  port: number;
  /** Value of Proxy-Authorization; null without credentials. */
  authorization: string | null;
  /** For people: `http://proxy.example:3128`, without credentials. */
  name: string;
  /** The variable that named it. */
  variable: string;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Null for a direct connection. Throws ProxyError for a variable that names no usable proxy. */
export function proxyFor(url: URL, env: ProxyEnvironment): HttpProxy | null {
  if (LOOPBACK.test(url.hostname)) return null;
  const isTls = url.protocol === "https:" || url.protocol === "wss:";
  const found = firstSet(env, isTls ? "https_proxy" : "http_proxy") ?? firstSet(env, "all_proxy");
  if (!found) return null;
  const exceptions = firstSet(env, "no_proxy")?.value ?? "";
  if (isNotProxied(url.hostname, portOf(url), exceptions)) return null;
  return parseProxy(found.name, found.value);
}

/** The port of an address, also where it is the usual one of its scheme. */
export function portOf({ protocol, port }: URL): number {
  if (port !== "") return Number(port);
  return protocol === "https:" || protocol === "wss:" ? 443 : 80;
}

function firstSet(env: ProxyEnvironment, lowerCase: string): { name: string; value: string } | null {
  for (const name of [lowerCase, lowerCase.toUpperCase()]) {
    const value = env[name]?.trim();
    if (value) return { name, value };
  }
  return null;
}

const USUAL_PORTS = { "http:": 80, "https:": 443 } as const;
/** The default port of a proxy in curl. */
const PORT_WITHOUT_SCHEME = 1080;

function parseProxy(variable: string, value: string): HttpProxy {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(value);
  const text = hasScheme ? value : `http://${value}`;
  // The value can hold a password, so no message repeats it.
  if (!URL.canParse(text)) {
    throw new ProxyError(`${variable} is not the address of a proxy; it has the form http://proxy.example:3128.`);
  }
  const url = new URL(text);
  const { protocol } = url;
  if (protocol !== "http:" && protocol !== "https:") {
    throw new ProxyError(
      `${variable} names a proxy of the kind ${protocol}//, which is not supported; use an http:// or https:// proxy.`,
    );
  }
  const usual = hasScheme ? USUAL_PORTS[protocol] : PORT_WITHOUT_SCHEME;
  const port = url.port === "" ? explicitPort(text, usual) : Number(url.port);
  return {
    isTls: protocol === "https:",
    hostname: url.hostname,
    port,
    authorization: authorizationOf(url),
    name: `${protocol}//${url.hostname}:${port}`,
    variable,
  };
}

/** `new URL` drops a port that is the default of the scheme. */
function explicitPort(text: string, usual: number): number {
  return Number(/:(\d+)\/?$/.exec(text)?.[1] ?? usual);
}

function authorizationOf({ username, password }: URL): string | null {
  if (username === "" && password === "") return null;
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString("base64")}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
