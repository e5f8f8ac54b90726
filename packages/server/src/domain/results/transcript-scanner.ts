const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MAX_NAME_BYTES = 64;
const MAX_NUMBER_CHARACTERS = 32;
const UNICODE_ESCAPE_CHARACTERS = 5;
const REPLACEMENT = 0xfffd;
/** Longest UTF-8 that one escape, or a surrogate that was held before it, can become. */
const MAX_ESCAPED_BYTES = 8;

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

/** `member`: names from the outermost object on, joined by points: `halligan.stdout.base64`. */
export interface TranscriptValues {
  /** The next bytes of a text, in UTF-8. */
  text(member: string, bytes: Buffer): void;
  textEnded(member: string): void;
  number(member: string, value: number): void;
}

/**
 * Reads the JSON text of a transcript from chunks, with memory that depends on neither its size nor
 * that of its texts. A device wrote the text: of something that is no transcript it reports values
 * that mean nothing, and never throws.
 */
export class TranscriptScanner {
  readonly #values: TranscriptValues;
  /** The name of the present member of each open object. */
  readonly #path: string[] = [];
  #isNameNext = false;
  #isInText = false;
  #name = "";
  #number = "";
  /** What has come of an escape, without its backslash; null outside of one. */
  #escape: string | null = null;
  #highSurrogate = 0;
  #scratch: Buffer = Buffer.alloc(0);

  constructor(values: TranscriptValues) {
    this.#values = values;
  }

  push(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      at = this.#isInText ? this.#readText(chunk, at) : this.#readSyntax(chunk, at);
    }
  }

  #readSyntax(chunk: Buffer, at: number): number {
    const character = String.fromCharCode(chunk[at] ?? 0);
    if (/[-+.\deE]/.test(character)) {
      if (this.#number.length < MAX_NUMBER_CHARACTERS) this.#number += character;
      return at + 1;
    }
    this.#endNumber();
    if (character === '"') {
      this.#isInText = true;
      this.#name = "";
    } else if (character === "{") {
      this.#path.push("");
      this.#isNameNext = true;
    } else if (character === "}") this.#path.pop();
    else if (character === ",") this.#isNameNext = true;
    else if (character === ":") this.#isNameNext = false;
    return at + 1;
  }

  #endNumber(): void {
    // `true`, `false` and `null` contain letters of numbers.
    if (/\d/.test(this.#number)) this.#values.number(this.#path.join("."), Number(this.#number));
    this.#number = "";
  }

  /** Returns where it has stopped: after the text, or at the end of the chunk. */
  #readText(chunk: Buffer, from: number): number {
    // An escape is never shorter than what it stands for.
    const roomBytes = chunk.length + MAX_ESCAPED_BYTES;
    if (this.#scratch.length < roomBytes) this.#scratch = Buffer.allocUnsafe(roomBytes);
    const out = this.#scratch;
    let size = 0;
    let at = from;
    let quoteAt = -1;
    let backslashAt = -1;
    while (at < chunk.length) {
      if (this.#escape !== null) {
        size += this.#readEscape(String.fromCharCode(chunk[at] ?? 0), out, size);
        at += 1;
        continue;
      }
      if (quoteAt < at) quoteAt = indexOrEnd(chunk, QUOTE, at);
      if (backslashAt < at) backslashAt = indexOrEnd(chunk, BACKSLASH, at);
      const end = Math.min(quoteAt, backslashAt);
      if (end > at) {
        size += this.#loneSurrogate(out, size);
        size += chunk.copy(out, size, at, end);
      }
      at = end + 1;
      if (end === backslashAt && end < chunk.length) this.#escape = "";
      else if (end === quoteAt && end < chunk.length) {
        size += this.#loneSurrogate(out, size);
        this.#endText(out.subarray(0, size));
        return at;
      }
    }
    this.#passOn(out.subarray(0, size));
    return chunk.length;
  }

  #passOn(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (!this.#isNameNext) this.#values.text(this.#path.join("."), Buffer.from(bytes));
    else if (this.#name.length < MAX_NAME_BYTES) this.#name += bytes.toString("utf8", 0, MAX_NAME_BYTES);
  }

  #endText(bytes: Buffer): void {
    this.#passOn(bytes);
    this.#isInText = false;
    if (this.#isNameNext && this.#path.length > 0) this.#path[this.#path.length - 1] = this.#name;
    else this.#values.textEnded(this.#path.join("."));
  }

  /** Returns how many bytes were written. */
  #readEscape(character: string, out: Buffer, at: number): number {
    const come = (this.#escape ?? "") + character;
    this.#escape = come;
    if (!come.startsWith("u")) {
      this.#escape = null;
      const before = this.#loneSurrogate(out, at);
      return before + out.write(SIMPLE_ESCAPES[come] ?? come, at + before);
    }
    if (come.length < UNICODE_ESCAPE_CHARACTERS) return 0;
    this.#escape = null;
    const unit = Number.parseInt(come.slice(1), 16) || 0;
    const high = this.#highSurrogate;
    if (high !== 0 && unit >= 0xdc00 && unit <= 0xdfff) {
      this.#highSurrogate = 0;
      return out.write(String.fromCharCode(high, unit), at);
    }
    const before = this.#loneSurrogate(out, at);
    if (unit >= 0xd800 && unit <= 0xdbff) {
      this.#highSurrogate = unit;
      return before;
    }
    const isLone = unit >= 0xdc00 && unit <= 0xdfff;
    return before + out.write(String.fromCharCode(isLone ? REPLACEMENT : unit), at + before);
  }

  #loneSurrogate(out: Buffer, at: number): number {
    if (this.#highSurrogate === 0) return 0;
    this.#highSurrogate = 0;
    return out.write(String.fromCharCode(REPLACEMENT), at);
  }
}

function indexOrEnd(chunk: Buffer, byte: number, from: number): number {
  const found = chunk.indexOf(byte, from);
  return found < 0 ? chunk.length : found;
}
