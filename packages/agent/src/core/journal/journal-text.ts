/**
 * The journal as bytes. Each line holds the records of one write, so only the last line can be
 * incomplete. Each line begins with a hash over its text and the hash of the previous line. A
 * missing, changed or moved line is therefore detected anywhere in the file.
 *
 *   <32 hex digits> <JSON array of records>\n
 */
import { createHash } from "node:crypto";
import { asRecords, fold, type JournalRecord, type JournalState } from "./journal.ts";

const HASH_CHARACTERS = 32;
const LINE_FEED = 0x0a;
const END_OF_ARRAY = 0x5d;

function lineHash(previous: string, json: string): string {
  return createHash("sha256").update(`${previous}\n${json}`).digest("hex").slice(0, HASH_CHARACTERS);
}

/** Encodes the records as one line and returns the hash that the next line needs. */
export function encodeLine(previous: string, list: readonly JournalRecord[]): { bytes: Uint8Array; hash: string } {
  const json = JSON.stringify(list);
  const hash = lineHash(previous, json);
  return { bytes: new TextEncoder().encode(`${hash} ${json}\n`), hash };
}

export type ReadJournal =
  | { kind: "read"; state: JournalState; hash: string; sizeBytes: number; tornBytes: number }
  /** The file contains no complete record: the first line was being written. */
  | { kind: "empty" }
  | { kind: "lost"; reason: string };

/**
 * Reads a whole journal. A broken last line is a write that did not finish. A broken earlier line,
 * or a line with a changed line feed, means that the journal is lost.
 */
export function readJournal(bytes: Uint8Array): ReadJournal {
  let state: JournalState | null = null;
  let hash = "";
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf(LINE_FEED, at);
    const isLast = end === -1 || end === bytes.length - 1;
    const line = end === -1 ? null : decodeLine(hash, bytes.subarray(at, end));
    if (!line) {
      if (!isLast) return { kind: "lost", reason: `the record at byte ${at} is broken and others follow it` };
      if (endsWithin(hash, bytes.subarray(at)))
        return { kind: "lost", reason: `the end of the record at byte ${at} is changed` };
      if (!state)
        return at === 0 && end === -1 ? { kind: "empty" } : { kind: "lost", reason: "its beginning is broken" };
      return { kind: "read", state, hash, sizeBytes: at, tornBytes: bytes.length - at };
    }
    try {
      for (const record of line.records) state = fold(state, record);
    } catch (error) {
      return { kind: "lost", reason: error instanceof Error ? error.message : String(error) };
    }
    hash = line.hash;
    at = end + 1;
  }
  return state ? { kind: "read", state, hash, sizeBytes: at, tornBytes: 0 } : { kind: "empty" };
}

/**
 * Detects a complete line with a changed line feed. Without this check, it would look like a write
 * that did not finish. Returns false if only zeros follow, because a power cut can leave zeros in
 * place of a line feed that was not written.
 */
function endsWithin(previous: string, bytes: Uint8Array): boolean {
  const claimed = new TextDecoder("latin1").decode(bytes.subarray(0, HASH_CHARACTERS));
  if (claimed.length < HASH_CHARACTERS) return false;
  const hash = createHash("sha256").update(`${previous}\n`);
  let hashedTo = HASH_CHARACTERS + 1;
  for (let end = bytes.indexOf(END_OF_ARRAY, hashedTo); end !== -1; end = bytes.indexOf(END_OF_ARRAY, hashedTo)) {
    hash.update(bytes.subarray(hashedTo, end + 1));
    hashedTo = end + 1;
    if (hash.copy().digest("hex").startsWith(claimed)) return bytes.subarray(hashedTo).some((byte) => byte !== 0);
  }
  return false;
}

function decodeLine(previous: string, bytes: Uint8Array): { records: JournalRecord[]; hash: string } | null {
  const text = new TextDecoder().decode(bytes);
  const hash = text.slice(0, HASH_CHARACTERS);
  const json = text.slice(HASH_CHARACTERS + 1);
  if (text[HASH_CHARACTERS] !== " " || lineHash(previous, json) !== hash) return null;
  try {
    const records = asRecords(JSON.parse(json));
    return records && { records, hash };
  } catch {
    return null;
  }
}
