import { hmacText, sameText } from "./canonical-text.ts";

const ACTION_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const INDEX = /^(0|[1-9][0-9]{0,2})$/;
const EPOCH_SECONDS = /^[1-9][0-9]{0,11}$/;
const SIGNATURE = /^[A-Za-z0-9_-]{43}$/;

/** The first line keeps a key that is used for two purposes from signing for the other one. */
const signedText = (actionId: string, index: string, se: string) =>
  `halligan result link 1\n${actionId}\n${index}\n${se}`;

export interface ResultLinkSubject {
  /** Absolute, without a final slash. */
  readonly publicUrl: string;
  readonly actionId: string;
  readonly index: number;
  /** Unix milliseconds; cut to whole seconds. */
  readonly expiresAtMs: number;
  /** 32 bytes or more. */
  readonly key: Uint8Array;
}

/**
 * The absolute URL under which the result of one command is given to whoever holds it, until it
 * expires. Only characters that need no escaping: clients use it verbatim, some HTML-decode it
 * (`docs/contract/clients-in-the-wild.md#result-download`).
 */
export function signResultLink({ publicUrl, actionId, index, expiresAtMs, key }: ResultLinkSubject): string {
  const se = String(Math.floor(expiresAtMs / 1000));
  const sig = hmacText(key, signedText(actionId, String(index), se));
  return `${publicUrl}/halligan/v1/results/${actionId}/${index}?se=${se}&sig=${sig}`;
}

/** The parts of a link as they arrived; all of them text, all of them untrusted. */
export interface GivenResultLink {
  readonly actionId: string;
  readonly index: string;
  readonly se: string;
  readonly sig: string;
}

/** `expired` is only said of a link that was once good. */
export function checkResultLink(
  link: GivenResultLink,
  keys: readonly Uint8Array[],
  nowMs: number,
): "ok" | "expired" | "invalid" {
  const { actionId, index, se, sig } = link;
  if (!ACTION_ID.test(actionId) || !INDEX.test(index) || !EPOCH_SECONDS.test(se) || !SIGNATURE.test(sig))
    return "invalid";
  if (!keys.some((key) => sameText(hmacText(key, signedText(actionId, index, se)), sig))) return "invalid";
  return nowMs < Number(se) * 1000 ? "ok" : "expired";
}
