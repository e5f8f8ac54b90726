import { err, ok, type Result } from "@halligan/protocol/errors";
import { findJsonFault, jsonBoundsFault } from "@halligan/protocol/text";

/**
 * JSON as RFC 8259 has it, without what readers disagree about, much as I-JSON (RFC 7493) restricts
 * it: see `findJsonFault`. Nesting beyond `maxDepth` is refused before the text is parsed.
 * A refusal is a sentence for the author of the text.
 */
export function readJsonText(text: string, maxDepth: number): Result<unknown, string> {
  const beyond = jsonBoundsFault(text, { maxDepth, maxSyntaxCharacters: Number.POSITIVE_INFINITY });
  if (beyond !== null) return err(beyond);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const position = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
    return err(position === undefined ? "it is not valid JSON" : `it is not valid JSON (at character ${position})`);
  }
  const fault = findJsonFault(text);
  return fault === null ? ok(value) : err(fault);
}
