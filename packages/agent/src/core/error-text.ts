import { boundText } from "../bound-text.ts";
import { LIMITS } from "../limits.ts";

/** Cuts the error texts to the bounds of the protocol before they are sent to the server. */
export function boundErrors(errors: readonly string[]): string[] {
  return errors.slice(0, LIMITS.maxErrorTexts).map((text) => boundText(text, LIMITS.maxErrorCharacters));
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
