import { RESULT_ID, type ResultContent, SHA256 } from "../blob-store.ts";

/**
 * Begins the keys of all contents under one id. By itself it is the key that earlier versions used,
 * one for all contents: of two that completed at the same time the later one overwrote the other.
 */
export function resultPrefix(resultId: string): string {
  if (!RESULT_ID.test(resultId)) throw new TypeError("not a result id");
  return `results/${resultId}`;
}

/** An object of this key has this content, and never another one. */
export function resultKey({ resultId, sha256 }: ResultContent): string {
  if (!SHA256.test(sha256)) throw new TypeError("not a SHA-256");
  return `${resultPrefix(resultId)}.${sha256}`;
}
