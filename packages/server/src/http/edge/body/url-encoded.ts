import { isUtf8 } from "node:buffer";
import { err, ok, type Result } from "@halligan/protocol/errors";
import { textFault } from "@halligan/protocol/text";

/**
 * Reads `name=value&...` as URLSearchParams does, but refuses what URLSearchParams silently
 * replaces by U+FFFD: escapes that are not UTF-8, and NUL. A percent sign that begins no escape
 * is kept, because clients write secrets without encoding them.
 * `of`: what a pair is called in an error, such as "query option".
 */
export function readUrlEncoded(text: string, of: string): Result<URLSearchParams, string> {
  // Before anything is decoded: 15,000 pairs of a query took 30 ms, and no token is needed to send
  // them.
  if (text.split("&", MAX_PAIRS + 1).length > MAX_PAIRS) return err(`there are more than ${MAX_PAIRS} ${of}s`);
  // Without an escape or a NUL nothing can be wrong. URLSearchParams would drop a question mark at
  // the beginning.
  if (!text.includes("%") && !text.includes("\0")) return ok(new URLSearchParams(`&${text}`));
  const params = new URLSearchParams();
  for (const pair of text.split("&")) {
    if (pair === "") continue;
    const equalsAt = pair.indexOf("=");
    const name = decode(equalsAt < 0 ? pair : pair.slice(0, equalsAt));
    if (!name.ok) return err(`the name of a ${of} ${name.error}`);
    const value = decode(equalsAt < 0 ? "" : pair.slice(equalsAt + 1));
    if (!value.ok) return err(`the ${of} ${name.value.slice(0, MAX_NAME_CHARS).toWellFormed()} ${value.error}`);
    params.append(name.value, value.value);
  }
  return ok(params);
}

/** Most pairs. OData has about ten options, and MSAL sends about a dozen fields. */
const MAX_PAIRS = 128;

/** Longest name that is repeated in a message. */
const MAX_NAME_CHARS = 80;

const ESCAPES = /%[0-9a-f]{2}/gi;

function decode(encoded: string): Result<string, string> {
  const spaced = encoded.replaceAll("+", " ");
  if (!spaced.includes("%")) return checked(spaced);
  const latin1 = Buffer.from(spaced, "utf8").toString("latin1");
  const bytes = Buffer.from(
    latin1.replace(ESCAPES, (encodedByte) => String.fromCharCode(Number.parseInt(encodedByte.slice(1), 16))),
    "latin1",
  );
  return isUtf8(bytes) ? checked(bytes.toString("utf8")) : err("is not valid UTF-8");
}

function checked(text: string): Result<string, string> {
  const fault = textFault(text);
  return fault === null ? ok(text) : err(fault);
}
