import { cleanText } from "@halligan/protocol/text";

/**
 * A text within a bound of the protocol, in UTF-16 units. A cut through a surrogate pair leaves
 * U+FFFD, never half of the pair.
 */
export const boundText = (text: string, maxCharacters: number): string => cleanText(text.slice(0, maxCharacters));
