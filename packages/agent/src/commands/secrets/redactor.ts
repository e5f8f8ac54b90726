/**
 * Replaces the values of secrets in the output of a script, before any of it is stored or sent: in
 * the spool, and so in the live output and the transcript. A value is found across the borders of
 * chunks. Only bytes that may be the beginning of a value are held back.
 *
 * Occurrences that overlap are removed as one. A value that the script has encoded or changed is
 * not found.
 */
import { MIN_REDACTED_BYTES } from "@halligan/protocol/link";
import type { OpenedSecret } from "@halligan/protocol/link-crypto";

/** Knuth, Morris and Pratt: each byte is looked at once for each value, whatever the output is. */
interface Pattern {
  readonly bytes: Uint8Array;
  /** How much of the value still matches when the byte after so many does not. */
  readonly fallback: Int32Array;
  readonly label: Buffer;
  /** How many bytes at the end of the output are the beginning of the value. */
  matched: number;
}

interface Range {
  start: number;
  end: number;
  label: Buffer;
}

const NOTHING = Buffer.alloc(0);

export class Redactor {
  readonly #patterns: readonly Pattern[];
  readonly #write: (bytes: Uint8Array) => void;
  /** Bytes that are not written yet. */
  #held: Buffer = NOTHING;
  /** Of the held bytes, how many at the beginning belong to a value that was replaced already. */
  #replaced = 0;
  /** In the held bytes, sorted by their start. */
  #ranges: Range[] = [];

  constructor(secrets: readonly OpenedSecret[], write: (bytes: Uint8Array) => void) {
    this.#patterns = secrets.filter(isRedacted).map(({ name, value }) => ({
      bytes: value,
      fallback: fallbackOf(value),
      label: labelOf(name),
      matched: 0,
    }));
    this.#write = write;
  }

  write(chunk: Uint8Array): void {
    if (this.#patterns.length === 0) {
      this.#write(chunk);
      return;
    }
    const offset = this.#held.length;
    const bytes =
      offset === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([this.#held, chunk]);
    const found = this.#patterns.flatMap((pattern) => search(pattern, chunk, offset));
    if (found.length > 0) this.#ranges = [...this.#ranges, ...found].sort((a, b) => a.start - b.start);
    this.#release(bytes, bytes.length - Math.max(...this.#patterns.map(({ matched }) => matched)));
  }

  /** No output follows: what was held back is no value. */
  end(): void {
    for (const pattern of this.#patterns) pattern.matched = 0;
    this.#release(this.#held, this.#held.length);
  }

  /** Writes up to `limit`. No value that is found later begins before it. */
  #release(bytes: Buffer, limit: number): void {
    let at = Math.min(this.#replaced, limit);
    let replaced = this.#replaced;
    const later: Range[] = [];
    for (const range of this.#ranges) {
      if (range.start >= limit) {
        later.push({ ...range, start: range.start - limit, end: range.end - limit });
        continue;
      }
      if (range.start >= replaced) {
        if (range.start > at) this.#write(bytes.subarray(at, range.start));
        this.#write(range.label);
      }
      replaced = Math.max(replaced, range.end);
      at = Math.min(replaced, limit);
    }
    if (limit > at) this.#write(bytes.subarray(at, limit));
    this.#ranges = later;
    this.#replaced = Math.max(0, replaced - limit);
    // A copy, because the source of the chunk uses its block again.
    this.#held = limit === bytes.length ? NOTHING : Buffer.from(bytes.subarray(limit));
  }
}

/** The same for a text of the agent about a script. */
export function redactText(secrets: readonly OpenedSecret[], text: string): string {
  const parts: Buffer[] = [];
  const redactor = new Redactor(secrets, (bytes) => void parts.push(Buffer.from(bytes)));
  redactor.write(Buffer.from(text));
  redactor.end();
  return Buffer.concat(parts).toString();
}

const isRedacted = ({ value }: OpenedSecret): boolean => value.length >= MIN_REDACTED_BYTES;

const labelOf = (name: string): Buffer => Buffer.from(`[secret ${name}]`);

/** The occurrences that end in the chunk. Those that overlap are one range. */
function search(pattern: Pattern, chunk: Uint8Array, offset: number): Range[] {
  const { bytes, fallback, label } = pattern;
  const found: Range[] = [];
  let last: Range | null = null;
  let { matched } = pattern;
  for (let at = 0; at < chunk.length; at++) {
    const byte = chunk[at];
    while (matched > 0 && bytes[matched] !== byte) matched = fallback[matched] ?? 0;
    if (bytes[matched] === byte) matched++;
    if (matched < bytes.length) continue;
    const end = offset + at + 1;
    const start = end - bytes.length;
    if (last && start < last.end) last.end = end;
    else {
      last = { start, end, label };
      found.push(last);
    }
    matched = fallback[matched] ?? 0;
  }
  pattern.matched = matched;
  return found;
}

function fallbackOf(bytes: Uint8Array): Int32Array {
  const fallback = new Int32Array(bytes.length + 1);
  let length = 0;
  for (let at = 1; at < bytes.length; at++) {
    while (length > 0 && bytes[length] !== bytes[at]) length = fallback[length] ?? 0;
    if (bytes[length] === bytes[at]) length++;
    fallback[at + 1] = length;
  }
  return fallback;
}
