/**
 * Why a server could not be reached, for people: the reason and the remedy, without codes of
 * OpenSSL, the system or undici.
 */
import { errorCode } from "../errors/error-code.ts";

/** Node, Bun and undici name the same failure by different codes. */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens at this address. Check host and port, and that the server runs",
  ENOTFOUND: "the host name is not known. Check its spelling and the DNS",
  EAI_AGAIN: "the host name could not be looked up: the DNS server does not answer. Try again later",
  ECONNRESET: "the connection was closed before an answer came. Check that the port is the server's, and http or https",
  EPIPE: "the connection was closed while the request was sent. Check that the port is the server's, and http or https",
  UND_ERR_SOCKET:
    "the connection was closed before an answer came. Check that the port is the server's, and http or https",
  ETIMEDOUT: "it does not answer in time. Check the address, firewalls and the load of the server",
  UND_ERR_CONNECT_TIMEOUT: "it does not answer in time. Check the address, firewalls and the load of the server",
  UND_ERR_HEADERS_TIMEOUT: "it does not answer in time. Check the load of the server",
  UND_ERR_BODY_TIMEOUT: "the answer stopped in the middle. Try again",
  EHOSTUNREACH: "there is no route to this host. Check the network and firewalls",
  ENETUNREACH: "there is no route to this network. Check the network of this computer",
  EHOSTDOWN: "the host is down. Check the address and the network",
  EADDRNOTAVAIL: "this computer has no free port or no address for the connection. Try again later",
  EMFILE: "this process has too many open files",
  EACCES: "this computer does not permit the connection. Check its firewall",
  EPERM: "this computer does not permit the connection. Check its firewall",
  EPROTO: "it does not speak TLS at this port. Use http:// if the server has no certificate, or the port that has one",
  ERR_SSL_WRONG_VERSION_NUMBER:
    "it does not speak TLS at this port. Use http:// if the server has no certificate, or the port that has one",
  ERR_SSL_PACKET_LENGTH_TOO_LONG:
    "it does not speak TLS at this port. Use http:// if the server has no certificate, or the port that has one",
  CERT_HAS_EXPIRED: "its certificate has expired. Renew it, and check the clock of this computer",
  CERT_NOT_YET_VALID: "its certificate is not valid yet. Check the clock of this computer and of the issuer",
  CERT_REVOKED: "its certificate was revoked. The server needs a new one",
  HPE_INVALID_CONSTANT: "the answer is not HTTP. Check that the port is the server's, and http or https",
};

const UNTRUSTED =
  "its certificate is not from an authority that this computer trusts. If it is from your own authority, give that " +
  "authority's certificate (PEM) as --ca FILE to halligan login or halligan-agent enroll, or set NODE_EXTRA_CA_CERTS to it";

const UNTRUSTED_CODES: ReadonlySet<string> = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "CERT_UNTRUSTED",
  "INVALID_CA",
]);

const MAX_NAMES = 8;
const MAX_NAME_LENGTH = 100;
const MAX_CAUSES = 8;

/**
 * `https://a.example:8443 could not be reached: <reason>. <remedy>.`
 *
 * @param url whose scheme, host and port are shown; never its path or query, which can hold a key
 * @param error what the runtime threw; the reason is in it or in one of its causes
 */
export function networkFailure(url: string, error: unknown): string {
  const { origin, hostname } = new URL(url);
  return `${origin} could not be reached: ${reasonOf(error, hostname)}.`;
}

function reasonOf(error: unknown, hostname: string): string {
  const causes = causesOf(error);
  for (const cause of causes) {
    const code = errorCode(cause) ?? "";
    // The error already names the proxy and the remedy.
    if (cause.name === "ProxyError") return cause.message.replace(/\.$/, "");
    if (code === "ERR_TLS_CERT_ALTNAME_INVALID" || code === "HOSTNAME_MISMATCH") return wrongName(cause, hostname);
    if (UNTRUSTED_CODES.has(code)) return UNTRUSTED;
    const known = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
    if (known !== undefined) return known;
    if (cause.name === "TimeoutError") return REASONS.ETIMEDOUT ?? "";
    if (cause.message === "bad port")
      return "clients refuse this port, since it belongs to another protocol. Use another port";
  }
  const code = causes.map(errorCode).findLast((one) => one) ?? "";
  if (/^HPE_/.test(code)) return REASONS.HPE_INVALID_CONSTANT ?? "";
  if (/SSL|TLS|CERT/.test(code)) {
    return `no secure connection could be made (${code}). Check the certificate and the TLS settings of the server`;
  }
  const message = causes.at(-1)?.message ?? "";
  if (code !== "") return `the connection failed (${code})`;
  return message === "" ? "the connection failed" : message.replace(/\.$/, "");
}

/**
 * `fetch failed` has its reason one or two causes deep. Several addresses of one host fail
 * together.
 */
function causesOf(error: unknown): Error[] {
  const causes: Error[] = [];
  const queue: unknown[] = [error];
  while (queue.length > 0 && causes.length < MAX_CAUSES) {
    const next = queue.shift();
    if (!(next instanceof Error)) continue;
    causes.push(next);
    queue.push(next.cause);
    if (next instanceof AggregateError) queue.push(...next.errors.slice(0, MAX_CAUSES));
  }
  return causes;
}

function wrongName(error: Error, hostname: string): string {
  const names = namesOf(error);
  if (names.length === 0) {
    return `its certificate is for another name than ${hostname}. Use the name of the certificate in the address`;
  }
  return (
    `its certificate is for ${names.join(", ")}, not for ${hostname}. Use a name of the certificate in the address, or ` +
    `give the server a certificate for ${hostname}`
  );
}

/**
 * The names in the certificate, which Node adds to its error: `DNS:a.example, IP Address:10.1.2.3`.
 */
function namesOf(error: Error): string[] {
  const certificate: unknown = "cert" in error ? error.cert : undefined;
  if (typeof certificate !== "object" || certificate === null || !("subjectaltname" in certificate)) return [];
  const text = certificate.subjectaltname;
  if (typeof text !== "string") return [];
  return text
    .split(", ")
    .slice(0, MAX_NAMES)
    .map((entry) => entry.replace(/^(DNS|IP Address|URI):/, "").slice(0, MAX_NAME_LENGTH));
}
