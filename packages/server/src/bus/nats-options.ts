import type { Authenticator, NodeConnectionOptions } from "@nats-io/transport-node";

/** Credentials of a node for NATS. */
export type NatsCredentials =
  | { readonly kind: "password"; readonly user: string; readonly password: string }
  | { readonly kind: "token"; readonly token: string }
  /** The content of a `.creds` file. */
  | { readonly kind: "creds"; readonly content: string };

export interface NatsAddress {
  /**
   * `nats://host:port`, or `tls://host:port` to require TLS. Several servers are one cluster.
   * Without user or password.
   */
  readonly servers: readonly string[];
  readonly credentials?: NatsCredentials;
  /** Files for `tls://`: a private certificate authority, and a certificate of this node. */
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
}

/** Longest wait for the response of a server when connecting. */
const CONNECT_TIMEOUT_MS = 5_000;
/**
 * Two unanswered pings end a connection, so a peer that silently disappeared is detected within 15
 * s.
 */
const PING_INTERVAL_MS = 5_000;
const UNANSWERED_PINGS = 2;

/**
 * Throws for credentials that no server could accept. Does not repeat the value, which may be a
 * secret.
 */
export function checkNatsAddress({ servers, tls }: NatsAddress): void {
  if (servers.length === 0) throw new Error("NATS needs the address of a server");
  const schemes = new Set(servers.map(schemeOf));
  if (schemes.size > 1) throw new Error("the NATS servers must be all nats:// or all tls://");
  if (tls !== undefined && !schemes.has("tls:")) throw new Error("TLS files for NATS need tls:// servers");
}

function schemeOf(server: string): string {
  const url = URL.canParse(server) ? new URL(server) : null;
  if (url === null || !["nats:", "tls:"].includes(url.protocol) || url.hostname === "") {
    throw new Error("a NATS server is written as nats://host:port or tls://host:port");
  }
  if (url.username !== "" || url.password !== "") {
    throw new Error("the address of a NATS server must not contain credentials; they have separate settings");
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
    // This node has notified its own listeners already.
    noEcho: true,
    // The client would queue messages while the connection is down and send them late.
    // `reconnecting-nats.ts` opens a new connection instead.
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
