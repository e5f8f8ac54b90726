import { resolve } from "node:path";
import type { BlobCredentials } from "../blobs/blob-credentials.ts";
import { type BlobLocation, parseBlobLocation } from "../blobs/blob-location.ts";
import type { NatsAddress, NatsCredentials } from "../bus/nats-options.ts";
import { type Config, ConfigError, isLoopback } from "../config/config.ts";
import type { Secrets } from "../config/secrets.ts";

/** The backends that this node uses instead of its own disk and memory. */
export interface BackendSettings {
  /** Null: the embedded store in the data folder. */
  readonly database: { readonly url: string; readonly password: string | undefined } | null;
  /** Null: this process has no other nodes. */
  readonly bus: NatsAddress | null;
  readonly blobs: { readonly location: BlobLocation; readonly credentials: BlobCredentials };
  /** Bearer token for reading `/metrics` from another machine. */
  readonly metricsToken: string | null;
}

/** Messages never repeat the value, because it may contain a secret. */
export function readBackendSettings(config: Config, secrets: Secrets): BackendSettings {
  return {
    database: secrets.HALLIGAN_DATABASE_URL === undefined ? null : parseDatabase(secrets.HALLIGAN_DATABASE_URL),
    bus: parseBus(secrets),
    blobs: { location: parseBlobs(config), credentials: blobCredentials(secrets) },
    metricsToken: secrets.HALLIGAN_METRICS_TOKEN ?? null,
  };
}

function parseDatabase(text: string): { url: string; password: string | undefined } {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !["postgres:", "postgresql:"].includes(url.protocol) || url.pathname.length < 2) {
    throw new ConfigError("HALLIGAN_DATABASE_URL must be postgres://user:password@host:port/database");
  }
  if (url.searchParams.has("password")) {
    // The rest of the URL is printed and logged.
    throw new ConfigError("HALLIGAN_DATABASE_URL: put the password before the host, not after the question mark");
  }
  const password = url.password === "" ? undefined : decoded(url.password, "HALLIGAN_DATABASE_URL");
  url.password = "";
  refuseOpenDatabase(url);
  return { url: url.href, password };
}

/** The modes of libpq that always use TLS. The others fall back to plain text, or never use TLS. */
const TLS_MODES: ReadonlySet<string> = new Set(["require", "verify-ca", "verify-full"]);

/**
 * Without TLS the password, every action and every result would cross the network as plain text.
 * The folder of a socket is not on a network.
 */
function refuseOpenDatabase({ hostname, searchParams }: URL): void {
  const host = searchParams.get("host") ?? decoded(hostname, "HALLIGAN_DATABASE_URL");
  if (host === "" || host.startsWith("/") || isLoopback(hostOf(host))) return;
  if (TLS_MODES.has(searchParams.get("sslmode") ?? "")) return;
  throw new ConfigError(
    "HALLIGAN_DATABASE_URL: the host is not a loopback address, so the connection needs TLS: " +
      "add sslmode=verify-full (or verify-ca, or require, which trusts any certificate)",
  );
}

/** Without the brackets around an IPv6 address in a URL. */
const hostOf = (host: string): string => host.replace(/^\[(.*)\]$/, "$1");

function decoded(text: string, setting: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Without its cause. The cause repeats no secret today, but it is the library's text.
    throw new ConfigError(`${setting}: a % in the user, password or host must be written %25`);
  }
}

/**
 * `nats://` or `tls://`; several servers of one cluster with commas between them; credentials in
 * the first URL.
 */
function parseBus(secrets: Secrets): NatsAddress | null {
  const { HALLIGAN_BUS_URL: text, HALLIGAN_BUS_CREDS: creds } = secrets;
  if (text === undefined) {
    if (creds === undefined) return null;
    throw new ConfigError("HALLIGAN_BUS_CREDS is set, and HALLIGAN_BUS_URL is not");
  }
  const urls = text.split(",").map((part) => {
    const url = URL.canParse(part.trim()) ? new URL(part.trim()) : null;
    if (url && ["nats:", "tls:"].includes(url.protocol) && url.hostname !== "") return url;
    throw new ConfigError("HALLIGAN_BUS_URL must be nats://host:port or tls://host:port, several with commas between");
  });
  const [first, ...others] = urls;
  if (others.some(({ username, password }) => username !== "" || password !== "")) {
    throw new ConfigError("HALLIGAN_BUS_URL: put the credentials into the first URL only; they are used for all");
  }
  const inUrl = credentialsIn(first);
  if (inUrl && creds !== undefined) {
    throw new ConfigError("HALLIGAN_BUS_URL has credentials and HALLIGAN_BUS_CREDS is set; one of them is enough");
  }
  const credentials = creds === undefined ? inUrl : ({ kind: "creds", content: creds } as const);
  refuseOpenBus(urls, credentials !== null);
  const servers = urls.map(({ protocol, host }) => `${protocol}//${host}`);
  return { servers, ...(credentials && { credentials }) };
}

/**
 * A client that can publish may wake nodes at will, and one that can subscribe learns which
 * machines work when. So other hosts require TLS and credentials.
 */
function refuseOpenBus(urls: readonly URL[], hasCredentials: boolean): void {
  const open = urls.find(({ hostname }) => !isLoopback(hostOf(hostname)));
  if (!open) return;
  if (open.protocol !== "tls:") {
    throw new ConfigError(
      "HALLIGAN_BUS_URL: a host is not a loopback address, so the connection needs TLS: write tls:// instead of nats://",
    );
  }
  if (!hasCredentials) {
    throw new ConfigError(
      "HALLIGAN_BUS_URL: a host is not a loopback address, so NATS must know its clients: " +
        "put user:password@ or token@ before the first host, or set HALLIGAN_BUS_CREDS",
    );
  }
}

function credentialsIn(url: URL | undefined): NatsCredentials | null {
  if (!url || (url.username === "" && url.password === "")) return null;
  const user = decoded(url.username, "HALLIGAN_BUS_URL");
  if (user === "") throw new ConfigError("HALLIGAN_BUS_URL has a password and no user");
  if (url.password === "") return { kind: "token", token: user };
  return { kind: "password", user, password: decoded(url.password, "HALLIGAN_BUS_URL") };
}

function parseBlobs(config: Config): BlobLocation {
  const parsed = parseBlobLocation(config.blobs);
  if (!parsed.ok) throw new ConfigError(`HALLIGAN_BLOBS: ${parsed.error.detail}`);
  const { value } = parsed;
  return value.kind === "folder" ? { kind: "folder", folder: resolve(value.folder) } : value;
}

function blobCredentials(secrets: Secrets): BlobCredentials {
  return {
    ...(secrets.HALLIGAN_S3_ACCESS_KEY_ID && { s3AccessKeyId: secrets.HALLIGAN_S3_ACCESS_KEY_ID }),
    ...(secrets.HALLIGAN_S3_SECRET_ACCESS_KEY && { s3SecretAccessKey: secrets.HALLIGAN_S3_SECRET_ACCESS_KEY }),
    ...(secrets.HALLIGAN_S3_SESSION_TOKEN && { s3SessionToken: secrets.HALLIGAN_S3_SESSION_TOKEN }),
    ...(secrets.HALLIGAN_AZURE_ACCOUNT_KEY && { azureAccountKey: secrets.HALLIGAN_AZURE_ACCOUNT_KEY }),
    ...(secrets.HALLIGAN_AZURE_CONNECTION_STRING && {
      azureConnectionString: secrets.HALLIGAN_AZURE_CONNECTION_STRING,
    }),
    ...(secrets.HALLIGAN_AZURE_SAS && { azureSas: secrets.HALLIGAN_AZURE_SAS }),
  };
}
