import { createHmac, timingSafeEqual } from "node:crypto";
import { closeText } from "../link/index.ts";

/** 132 bits in base64url. */
const CODE_CHARACTERS = 22;

/**
 * One direction of one connection. Each text gets a code (HMAC-SHA-256) over its number and itself, in front of it. The number
 * does not travel: a text that was changed, repeated, left out or moved does not open, nor does any text after it.
 */
export class FrameSeal {
  readonly #key: Uint8Array;
  #count = 0;

  /** @param key 32 bytes */
  constructor(key: Uint8Array) {
    this.#key = key;
  }

  seal(text: string): string {
    return this.#code(text) + text;
  }

  /** Null when the text is not the next one that the other side sealed. The connection is of no use then. */
  open(sealed: string): string | null {
    const text = sealed.slice(CODE_CHARACTERS);
    const given = Buffer.from(sealed.slice(0, CODE_CHARACTERS), "latin1");
    const code = Buffer.from(this.#code(text), "latin1");
    return given.length === code.length && timingSafeEqual(given, code) ? text : null;
  }

  /** The reason of a close frame: a code over the close code and the words, then the words. */
  sealClose(code: number, words: string): string {
    return this.#code(closeText(code, words)) + words;
  }

  /** The words of a close frame; null when the other side did not send them with this code as its next frame. */
  openClose(code: number, reason: string): string | null {
    const words = reason.slice(CODE_CHARACTERS);
    return this.open(reason.slice(0, CODE_CHARACTERS) + closeText(code, words)) === null ? null : words;
  }

  #code(text: string): string {
    const hmac = createHmac("sha256", this.#key).update(`${this.#count}\n`).update(text);
    this.#count += 1;
    return hmac.digest("base64url").slice(0, CODE_CHARACTERS);
  }
}
