import type { Authenticator, NodeConnectionOptions } from "@nats-io/transport-node";

/** How a node proves itself to NATS. */
export type NatsCredentials =
  | { readonly kind: "password"; readonly user: string; readonly password: string }
  | { readonly kind: "token"; readonly token: string }
  /** The content of a `.creds` file. */
  | { readonly kind: "creds"; readonly content: string };

export interface NatsAddress {
  /** `nats://host:port`, or `tls://host:port` where nothing but TLS will do. Several are one cluster. Without user or password. */
  readonly servers: readonly string[];
  readonly credentials?: NatsCredentials;
  /** Files for `tls://`: an authority of one's own, a certificate of this node. */
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
}

/** Longest wait for an answer of a server that one connects to. */
const CONNECT_TIMEOUT_MS = 5_000;
/** Two unanswered pings end a connection: a peer that is silently gone is noticed within 15 s. */
const PING_INTERVAL_MS = 5_000;
const UNANSWERED_PINGS = 2;

/** Throws for what no server could ever take, without repeating it: it may hold a secret. */
export function checkNatsAddress({ servers, tls }: NatsAddress): void {
  if (servers.length === 0) throw new Error("NATS needs the address of a server");
  const schemes = new Set(servers.map(schemeOf));
  if (schemes.size > 1) throw new Error("the NATS servers must be all nats:// or all tls://");
  if (tls !== undefined && !schemes.has("tls:")) throw new Error("TLS files for NATS need tls:// servers");
}

function schemeOf(server: string): string {
  const url = URL.canParse(server) ? new URL(server) : null;
  if (url === null || !["nats:", "tls:"].includes(url.protocol) || url.hostname === "") {
    throw new Error("a NATS server is named as nats://host:port or tls://host:port");
  }
  if (url.username !== "" || url.password !== "") {
    throw new Error("the address of a NATS server must not hold credentials; they have settings of their own");
  }
  return url.protocol;
}

export function connectionOptions(
  { servers, credentials, tls }: NatsAddress,
  credsAuthenticator: (content: Uint8Array) => Authenticator,
): NodeConnectionOptions {
  return {
    servers: [...servers],
    name: "halligan-server",
    // What this node says it has told its own listeners already.
    noEcho: true,
    // The client would queue all that is published while it is away and send it late. `nats-link.ts` connects anew instead.
    reconnect: false,
    timeout: CONNECT_TIMEOUT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: UNANSWERED_PINGS,
    ...(servers[0]?.startsWith("tls:") && { tls: { ...tls } }),
    ...(credentials?.kind === "password" && { user: credentials.user, pass: credentials.password }),
    ...(credentials?.kind === "token" && { token: credentials.token }),
    ...(credentials?.kind === "creds" && {
      authenticator: credsAuthenticator(new TextEncoder().encode(credentials.content)),
    }),
  };
}
