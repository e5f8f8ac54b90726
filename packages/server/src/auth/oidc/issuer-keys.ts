import type { Logger } from "pino";
import type { VerificationKey } from "../verification-key.ts";
import type { FetchJson } from "./fetch-json.ts";
import { fetchKeySet } from "./key-set.ts";
import type { TrustedIssuer } from "./trusted-issuer.ts";

export interface IssuerKeysPorts {
  readonly fetchJson: FetchJson;
  /** A monotonic clock, in milliseconds. */
  readonly monotonicMs: () => number;
  readonly log: Pick<Logger, "info" | "warn">;
  /** Aborts when the server stops. */
  readonly signal: AbortSignal;
}

/** Times in milliseconds. */
export const KEY_TIMES = {
  /**
   * Keys older than this are fetched again before they are used, so that a withdrawn key is refused
   * from then on.
   */
  refreshAfterMs: 300_000,
  /**
   * While the issuer cannot be reached, its last known keys are used up to this age. After that its
   * tokens are refused.
   */
  uselessAfterMs: 1_800_000,
  /**
   * Minimum time between two attempts. Neither unknown `kid`s nor an unreachable issuer cause more
   * requests.
   */
  cooldownMs: 30_000,
} as const;

/**
 * The keys of one outside issuer, fetched when a token first needs them. Callers that arrive during
 * a fetch wait for that fetch. Fails closed: without keys the list is empty.
 */
export class IssuerKeys {
  readonly #trusted: TrustedIssuer;
  readonly #ports: IssuerKeysPorts;
  #keys: readonly VerificationKey[] = [];
  #fetchedAtMs = Number.NEGATIVE_INFINITY;
  #attemptedAtMs = Number.NEGATIVE_INFINITY;
  #pending: Promise<void> | null = null;

  constructor(trusted: TrustedIssuer, ports: IssuerKeysPorts) {
    this.#trusted = trusted;
    this.#ports = ports;
  }

  /** The valid keys; empty when they cannot be fetched. */
  async current(): Promise<readonly VerificationKey[]> {
    if (this.#ageMs() >= KEY_TIMES.refreshAfterMs) await this.#refresh();
    return this.#ageMs() < KEY_TIMES.uselessAfterMs ? this.#keys : [];
  }

  /**
   * The keys after another fetch, because a token names one that is not among them. At most once
   * per cooldown.
   */
  async renewed(): Promise<readonly VerificationKey[]> {
    await this.#refresh();
    return this.#ageMs() < KEY_TIMES.uselessAfterMs ? this.#keys : [];
  }

  #ageMs(): number {
    return this.#ports.monotonicMs() - this.#fetchedAtMs;
  }

  async #refresh(): Promise<void> {
    if (this.#pending === null) {
      if (this.#ports.monotonicMs() - this.#attemptedAtMs < KEY_TIMES.cooldownMs) return;
      this.#attemptedAtMs = this.#ports.monotonicMs();
      this.#pending = this.#fetch().finally(() => {
        this.#pending = null;
      });
    }
    await this.#pending;
  }

  async #fetch(): Promise<void> {
    const { fetchJson, signal, log, monotonicMs } = this.#ports;
    const { issuer } = this.#trusted;
    try {
      this.#keys = await fetchKeySet(this.#trusted, fetchJson, signal);
      this.#fetchedAtMs = monotonicMs();
      log.info({ issuer, kids: this.#keys.map(({ kid }) => kid ?? null) }, "keys of an outside issuer fetched");
    } catch (cause) {
      const isHopeless = this.#ageMs() >= KEY_TIMES.uselessAfterMs;
      log.warn(
        { issuer, err: cause },
        isHopeless
          ? "the keys of an outside issuer could not be fetched: its tokens are refused"
          : "the keys of an outside issuer could not be fetched: the last known ones are used for now",
      );
    }
  }
}
