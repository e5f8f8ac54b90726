import { createHash } from "node:crypto";
import { hmacText, sameText } from "./canonical-text.ts";

const ACTION_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const INDEX = /^(0|[1-9][0-9]{0,2})$/;
const EPOCH_SECONDS = /^[1-9][0-9]{0,11}$/;
const SIGNATURE = /^[A-Za-z0-9_-]{43}$/;
const MAKER = /^[A-Za-z0-9_-]{1,64}$/;
const GENERATIONS = /^(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})$/;

/** The first line prevents a key that is used for two purposes from signing for the other one. */
const signedText = (actionId: string, index: string, se: string, made: { by: string; gen: string } | null) =>
  made === null
    ? `halligan result link 1\n${actionId}\n${index}\n${se}`
    : `halligan result link 2\n${actionId}\n${index}\n${se}\n${made.by}\n${made.gen}`;

/** The maker and the generations of a link, so that it can be revoked. */
export interface DownloadUrlOrigin {
  /** {@link urlMaker} of the caller. */
  readonly maker: string;
  /** Generation of the maker's tokens; 0 for a caller of an outside issuer. */
  readonly makerGeneration: number;
  /** Generation of the action's links. */
  readonly actionGeneration: number;
}

/**
 * The client id of an application of this server, or a short text that represents the longer id of
 * a caller of an outside issuer.
 */
export const urlMaker = (callerId: string): string =>
  callerId.includes("#") ? `o-${createHash("sha256").update(callerId, "utf8").digest("base64url")}` : callerId;

export interface DownloadUrlSubject extends DownloadUrlOrigin {
  /** Absolute, without a final slash. */
  readonly publicUrl: string;
  readonly actionId: string;
  readonly index: number;
  /** Unix milliseconds; rounded down to whole seconds. */
  readonly expiresAtMs: number;
  /** 32 bytes or more. */
  readonly key: Uint8Array;
}

/**
 * The absolute URL of one command's result. Any client that has it can download the result until it
 * expires or is revoked. Contains only characters that need no escaping: clients use it verbatim,
 * some HTML-decode it (`docs/contract/clients-in-the-wild.md#result-download`).
 */
export function signDownloadUrl(subject: DownloadUrlSubject): string {
  const { publicUrl, actionId, index, expiresAtMs, key, maker, makerGeneration, actionGeneration } = subject;
  const se = String(Math.floor(expiresAtMs / 1000));
  const gen = `${actionGeneration}.${makerGeneration}`;
  const sig = hmacText(key, signedText(actionId, String(index), se, { by: maker, gen }));
  return `${publicUrl}/halligan/v1/results/${actionId}/${index}?se=${se}&by=${maker}&gen=${gen}&sig=${sig}`;
}

/** The parts of a link as they arrived: text, not verified. */
export interface GivenDownloadUrl {
  readonly actionId: string;
  readonly index: string;
  readonly se: string;
  readonly sig: string;
  /** Both null in a link of an older release. */
  readonly by: string | null;
  readonly gen: string | null;
}

/**
 * `expired` is returned only for a link that was valid. `origin`: null for a link of an older
 * release.
 */
export type CheckedDownloadUrl =
  | { readonly kind: "signed"; readonly origin: DownloadUrlOrigin | null }
  | { readonly kind: "expired" | "invalid" };

export function checkDownloadUrl(
  link: GivenDownloadUrl,
  keys: readonly Uint8Array[],
  nowMs: number,
): CheckedDownloadUrl {
  const { actionId, index, se, sig, by, gen } = link;
  if (!ACTION_ID.test(actionId) || !INDEX.test(index) || !EPOCH_SECONDS.test(se) || !SIGNATURE.test(sig))
    return { kind: "invalid" };
  const made = by === null || gen === null ? null : { by, gen };
  const generations = made && GENERATIONS.exec(made.gen);
  if (made && (!generations || !MAKER.test(made.by))) return { kind: "invalid" };
  const text = signedText(actionId, index, se, made);
  if (!keys.some((key) => sameText(hmacText(key, text), sig))) return { kind: "invalid" };
  if (nowMs >= Number(se) * 1000) return { kind: "expired" };
  if (!made) return { kind: "signed", origin: null };
  const [, action, maker] = generations ?? [];
  return {
    kind: "signed",
    origin: { maker: made.by, actionGeneration: Number(action), makerGeneration: Number(maker) },
  };
}
