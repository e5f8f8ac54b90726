import { findJsonFault, jsonBoundsFault } from "@halligan/protocol/text";

/** What a JSON text says, or what is wrong with it, as a sentence for its author. */
export type JsonReading = { readonly value: unknown } | { readonly fault: string };

/**
 * JSON as RFC 8259 has it, without what readers disagree about, much as I-JSON (RFC 7493) restricts
 * it: see `findJsonFault`. Nesting beyond `maxDepth` is refused before the text is parsed.
 */
export function readJsonText(text: string, maxDepth: number): JsonReading {
  const beyond = jsonBoundsFault(text, { maxDepth, maxSyntaxCharacters: Number.POSITIVE_INFINITY });
  if (beyond !== null) return { fault: beyond };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const position = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
    return {
      fault: position === undefined ? "it is not valid JSON" : `it is not valid JSON (at character ${position})`,
    };
  }
  const fault = findJsonFault(text);
  return fault === null ? { value } : { fault };
}
