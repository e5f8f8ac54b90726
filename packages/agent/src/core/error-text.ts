import { boundText } from "../bound-text.ts";
import { LIMITS } from "../limits.ts";

/** Keeps the reasons that go to the server within the bounds of the wire. */
export function boundErrors(errors: readonly string[]): string[] {
  return errors.slice(0, LIMITS.maxErrorTexts).map((text) => boundText(text, LIMITS.maxErrorCharacters));
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
