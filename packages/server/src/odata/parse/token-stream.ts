import type { Meter, Token } from "./lexer.ts";

/** The tokens with a position. It never goes back, which keeps the parser's work linear. */
export class TokenStream {
  readonly #tokens: readonly Token[];
  readonly #end: Token;
  readonly #meter: Meter;
  #position = 0;

  constructor(tokens: readonly Token[], meter: Meter) {
    this.#tokens = tokens;
    this.#end = tokens.at(-1) ?? { kind: "end", text: "", at: 0 };
    this.#meter = meter;
  }

  /** `ahead`: 0 is the next token. */
  peek(ahead = 0): Token {
    this.#meter.steps += 1;
    return this.#tokens[this.#position + ahead] ?? this.#end;
  }

  take(): Token {
    const token = this.peek();
    this.#position += 1;
    return token;
  }

  nextIs(symbol: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === "symbol" && token.text === symbol;
  }

  /**
   * The next word in lower case, "" when the next token is not a word. Keywords come in any letter
   * case.
   */
  word(ahead = 0): string {
    const token = this.peek(ahead);
    return token.kind === "word" ? token.text.toLowerCase() : "";
  }

  takeSymbol(symbol: string): boolean {
    if (!this.nextIs(symbol)) return false;
    this.take();
    return true;
  }

  takeWord(word: string): boolean {
    if (this.word() !== word) return false;
    this.take();
    return true;
  }
}
