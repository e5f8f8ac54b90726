/**
 * How large the frames of an agent are at the most, derived from the bounds of their schemas. `packages/agent/test/core/largest-frames.test.ts`
 * makes the largest honest ones.
 */
import type { JsonBounds } from "../text/json-bounds.ts";

/** Largest transcript that travels inside the report of its command's end, in bytes of JSON text. Larger ones are uploaded. */
export const MAX_INLINE_TRANSCRIPT_BYTES = 64 * 1024;
/** Orders that one device can hold: the one that runs and ended ones whose end is not acknowledged yet. */
export const MAX_HELD_ORDERS = 64;
/** Of one report. */
export const MAX_ERROR_TEXTS = 16;
/** Of one error text. Agents cut it at as many UTF-16 units. */
export const MAX_ERROR_CHARACTERS = 2_000;

/** A control character, the longest one in JSON text: `\u0001`. */
const ESCAPED_BYTES = 6;
/** The same in JSON text inside JSON text, as the signed end is: `\\u0001`. */
const TWICE_ESCAPED_BYTES = 7;
/** JSON text has no control characters: a quote or a backslash is the longest, as an escape. */
const JSON_IN_JSON_BYTES = 2;
/** Ids, hashes, the signature, the names of all members, and the seal. */
const OTHER_BYTES = 4 * 1024;

const ERROR_CHARACTERS = MAX_ERROR_TEXTS * MAX_ERROR_CHARACTERS;
/** Largest text that a device signs about an end: all error texts, each character escaped, and the rest. */
export const MAX_EVIDENCE_CHARACTERS = ERROR_CHARACTERS * ESCAPED_BYTES + OTHER_BYTES;

/** Largest text frame that the server accepts of an agent, in bytes: the end of a script with its errors, twice, and its transcript. */
export const MAX_AGENT_FRAME_BYTES =
  ERROR_CHARACTERS * (ESCAPED_BYTES + TWICE_ESCAPED_BYTES) +
  MAX_INLINE_TRANSCRIPT_BYTES * JSON_IN_JSON_BYTES +
  2 * OTHER_BYTES;
/** A hello with all that a device holds: 64 orders of 100 commands, which is what an action has at the most, are 240 KB. */
export const MAX_HELLO_BYTES = 512 * 1024;

export interface FrameBounds extends JsonBounds {
  readonly maxBytes: number;
}

/** Eight for each command, and some for the facts. */
const MAX_HELLO_SYNTAX_CHARACTERS = 64 * 1024;
/** The end of a collected file that changed has 200. */
const MAX_REPORT_SYNTAX_CHARACTERS = 1024;
/** The stamps of a changed file are the fourth level. */
const MAX_DEPTH = 8;

/** Of any frame of an agent. */
export const AGENT_FRAME_BOUNDS: FrameBounds = {
  maxBytes: MAX_AGENT_FRAME_BYTES,
  maxSyntaxCharacters: MAX_HELLO_SYNTAX_CHARACTERS,
  maxDepth: MAX_DEPTH,
};
/** Before the hello is there. */
export const HELLO_BOUNDS: FrameBounds = { ...AGENT_FRAME_BOUNDS, maxBytes: MAX_HELLO_BYTES };
/** Of every frame after the hello. */
export const REPORT_BOUNDS: FrameBounds = { ...AGENT_FRAME_BOUNDS, maxSyntaxCharacters: MAX_REPORT_SYNTAX_CHARACTERS };
