export interface BasicCredentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Client id and secret of `Authorization: Basic` (RFC 6749 section 2.3.1: each is form-urlencoded
 * before they are joined). Null when there is no Basic header; "malformed" when it cannot be read.
 * Pure.
 */
export function readBasicCredentials(authorization: string | undefined): BasicCredentials | "malformed" | null {
  const match = /^basic(?: +(.*))?$/i.exec(authorization?.trim() ?? "");
  if (match === null) return null;
  const encoded = match[1] ?? "";
  const joined = BASE64.test(encoded) ? decoded(() => UTF8.decode(Buffer.from(encoded, "base64"))) : null;
  const colon = joined?.indexOf(":") ?? -1;
  if (joined === null || colon < 0) return "malformed";
  const clientId = formDecoded(joined.slice(0, colon));
  const clientSecret = formDecoded(joined.slice(colon + 1));
  return clientId && clientSecret ? { clientId, clientSecret } : "malformed";
}

const formDecoded = (text: string): string | null => decoded(() => decodeURIComponent(text.replaceAll("+", " ")));

/** Null for bytes or escapes that are not UTF-8. */
function decoded(decode: () => string): string | null {
  try {
    return decode();
  } catch (error) {
    if (error instanceof URIError || error instanceof TypeError) return null;
    throw error;
  }
}
