/**
 * The escapes of a JSON text, each whole, so that a backslash that is itself escaped is not taken
 * for the beginning of one. First alternative: an escaped surrogate pair. Second: a lone surrogate.
 * Third: every other escape.
 */
const ESCAPES =
  /\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|[\s\S])/g;
const MAY_HAVE_SURROGATE = /\\u[dD][89a-fA-F]/;
const REPLACEMENT = "\\ufffd";

/** Longest escape, in characters: a pair. */
const LONGEST_ESCAPE = 12;

/**
 * Returns the same JSON text with each escaped lone surrogate replaced by an escaped U+FFFD. Both
 * escapes have six characters, so the length does not change. Without a lone surrogate, it costs
 * one search of the text.
 */
export function wellFormedJson(json: string): string {
  if (!MAY_HAVE_SURROGATE.test(json)) return json;
  return json.replace(ESCAPES, (whole: string, lone: string | undefined) => (lone === undefined ? whole : REPLACEMENT));
}

/** As {@link ESCAPES}, with NUL in its second alternative. */
const ESCAPES_OR_NUL = new RegExp(ESCAPES.source.replace("|(", "|(u0000|"), "g");

/**
 * The server writes all JSON with this function, so that no stored text makes a response that
 * strict parsers refuse. NUL also becomes U+FFFD. It is valid in JSON, but programs that store
 * text, such as PostgreSQL's jsonb, refuse it. Transcripts do not use this function, because a NUL
 * in the output of a script must be kept.
 */
export function toJsonText(value: unknown): string {
  const json = wellFormedJson(JSON.stringify(value));
  if (!json.includes("\\u0000")) return json;
  return json.replace(ESCAPES_OR_NUL, (whole: string, nul: string | undefined) =>
    nul === undefined ? whole : REPLACEMENT,
  );
}

/**
 * {@link wellFormedJson} for a JSON text that arrives in chunks of bytes; gives as many bytes as it
 * gets. An escape that a chunk cuts is held until the rest of it arrives, which is never more than
 * {@link LONGEST_ESCAPE} bytes.
 */
export async function* wellFormedJsonBytes(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncGenerator<Buffer, void, undefined> {
  let held = "";
  for await (const chunk of chunks) {
    const text = held + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1");
    const end = endOfWholeEscapes(text);
    held = text.slice(end);
    if (end > 0) yield Buffer.from(wellFormedJson(text.slice(0, end)), "latin1");
  }
  if (held !== "") yield Buffer.from(wellFormedJson(held), "latin1");
}

/**
 * `text` begins outside an escape. Where its last escape begins if more characters could belong to
 * it, else its end.
 */
function endOfWholeEscapes(text: string): number {
  const tail = Math.max(0, text.length - LONGEST_ESCAPE + 1);
  if (!text.includes("\\", tail)) return text.length;
  // From one escape earlier, because the first one of the tail may be the second half of a pair.
  // Whether a backslash begins an escape depends on how many stand directly before it.
  let at = text.indexOf("\\", Math.max(0, tail - LONGEST_ESCAPE));
  while (at > 0 && text[at - 1] === "\\") at -= 1;
  ESCAPES.lastIndex = at;
  for (;;) {
    const begin = text.indexOf("\\", ESCAPES.lastIndex);
    if (begin < 0) return text.length;
    if (begin >= tail && (begin === text.length - 1 || text[begin + 1] === "u")) return begin;
    ESCAPES.lastIndex = begin;
    if (ESCAPES.exec(text) === null) return begin;
  }
}
