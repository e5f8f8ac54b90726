/**
 * Upper bounds on the size of an agent's frames, derived from the bounds of their schemas.
 * `packages/agent/test/core/largest-frames.test.ts` builds the largest valid frames.
 */
import type { JsonBounds } from "../../text/json-bounds.ts";

/**
 * Largest transcript that the report of a command's end can contain, in bytes of JSON text. Larger
 * transcripts are uploaded.
 */
export const MAX_INLINE_TRANSCRIPT_BYTES = 64 * 1024;
/**
 * Most orders that one device can hold: the running one, and ended ones with unacknowledged ends.
 */
export const MAX_HELD_ORDERS = 64;
/** Most error texts of one report. */
export const MAX_ERROR_TEXTS = 16;
/** Longest error text. Agents cut it to this number of UTF-16 units. */
export const MAX_ERROR_CHARACTERS = 2_000;

/** Bytes of a control character in JSON text, the longest form of a character: `\u0001`. */
const ESCAPED_BYTES = 6;
/** The same for JSON text inside JSON text, as in the signed end: `\\u0001`. */
const TWICE_ESCAPED_BYTES = 7;
/**
 * JSON text contains no control characters. The longest form of its characters is an escaped quote
 * or backslash.
 */
const JSON_IN_JSON_BYTES = 2;
/** Ids, hashes, the signature, all member names, and the seal. */
const OTHER_BYTES = 4 * 1024;

const ERROR_CHARACTERS = MAX_ERROR_TEXTS * MAX_ERROR_CHARACTERS;
/**
 * Longest text that a device signs about an end: all error texts with each character escaped, and
 * the rest.
 */
export const MAX_EVIDENCE_CHARACTERS = ERROR_CHARACTERS * ESCAPED_BYTES + OTHER_BYTES;

/**
 * Largest text frame that the server accepts from an agent, in bytes: the end of a script with its
 * transcript and, twice, its errors.
 */
export const MAX_AGENT_FRAME_BYTES =
  ERROR_CHARACTERS * (ESCAPED_BYTES + TWICE_ESCAPED_BYTES) +
  MAX_INLINE_TRANSCRIPT_BYTES * JSON_IN_JSON_BYTES +
  2 * OTHER_BYTES;
/**
 * Largest hello. A device with 64 orders of 100 commands, the most that an action can have, sends
 * 240 KB.
 */
export const MAX_HELLO_BYTES = 512 * 1024;

export interface FrameBounds extends JsonBounds {
  readonly maxBytes: number;
}

/** Eight for each command, and some for the machine facts. */
const MAX_HELLO_SYNTAX_CHARACTERS = 64 * 1024;
/** The end of a collected file that changed has 200. */
const MAX_REPORT_SYNTAX_CHARACTERS = 1024;
/** The stamps of a changed file are at the fourth level. */
const MAX_DEPTH = 8;

/** Bounds of every frame of an agent. */
export const AGENT_FRAME_BOUNDS: FrameBounds = {
  maxBytes: MAX_AGENT_FRAME_BYTES,
  maxSyntaxCharacters: MAX_HELLO_SYNTAX_CHARACTERS,
  maxDepth: MAX_DEPTH,
};
/** Bounds until the hello has arrived. */
export const HELLO_BOUNDS: FrameBounds = { ...AGENT_FRAME_BOUNDS, maxBytes: MAX_HELLO_BYTES };
/** Bounds of every frame after the hello. */
export const REPORT_BOUNDS: FrameBounds = { ...AGENT_FRAME_BOUNDS, maxSyntaxCharacters: MAX_REPORT_SYNTAX_CHARACTERS };
