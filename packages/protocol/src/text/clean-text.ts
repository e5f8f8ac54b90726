const NUL = "\0";
const REPLACEMENT = "\ufffd";

/**
 * Text that every JSON parser and every database accepts. It has no lone surrogate (RFC 8259
 * section 8.2: the result of a parser is unpredictable, and strict parsers refuse the whole
 * document) and no NUL, which PostgreSQL cannot store.
 */
export const isCleanText = (text: string): boolean => text.isWellFormed() && !text.includes(NUL);

/** Replaces each lone surrogate and each NUL with U+FFFD; keeps the length in UTF-16 units. */
export const cleanText = (text: string): string => text.toWellFormed().replaceAll(NUL, REPLACEMENT);

/** What is wrong with a text that is not clean, as the end of a sentence about it. */
export const textFault = (text: string): string | null =>
  !text.isWellFormed()
    ? "is not well-formed Unicode: it contains half of a surrogate pair"
    : text.includes(NUL)
      ? "contains a NUL character (U+0000)"
      : null;
