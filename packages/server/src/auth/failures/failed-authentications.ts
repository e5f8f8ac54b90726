import { createHmac } from "node:crypto";
import { lru } from "../../lru.ts";
import { addressKey } from "../../network/address-key.ts";
import type { Random } from "../random.ts";
import type { Attempt } from "./attempt.ts";
import type { FailureSummaries } from "./failure-summaries.ts";
import { RateTable } from "./rate-table.ts";

/** Failures per minute after which further attempts must wait. */
export interface FailureRates {
  /** For one account from one address. */
  readonly failedSignInsPerMinute: number;
  /** For one address, whatever the account. */
  readonly failedSignInsPerAddressPerMinute: number;
  /**
   * For one account, whatever the address. Beyond it each address has {@link FEW_PER_MINUTE}
   * attempts.
   */
  readonly failedSignInsPerAccountPerMinute: number;
}

/**
 * Attempts that remain for each address if an account is attacked from many addresses. The right
 * secret is still accepted.
 */
const FEW_PER_MINUTE = 2;
/** Recently accepted credentials, as digests of 16 bytes. */
const MAX_ACCEPTED = 20_000;
/** A longer client id names no application. */
const MAX_ACCOUNT_CHARS = 128;

/**
 * Limits failed authentication without a lockout. Failures are counted for the pair of account and
 * address, so an attacker who knows a client id delays only its own address. A credential that was
 * accepted before is always checked, so honest callers that share the attacker's address are not
 * affected. Counted in memory by this node alone, because an attacker's requests must cause no
 * writes.
 */
export class FailedAuthentications {
  readonly #pairs: RateTable;
  /**
   * Counts the same pairs with a lower limit, which applies while the account is attacked from many
   * addresses.
   */
  readonly #pairsOfAttacked: RateTable;
  readonly #addresses: RateTable;
  readonly #accounts: RateTable;
  readonly #accepted = lru<string, true>(MAX_ACCEPTED);
  readonly #digestKey: Uint8Array;
  readonly #summaries: Pick<FailureSummaries, "add">;

  constructor(
    rates: FailureRates,
    {
      monotonicMs,
      random,
      summaries,
    }: { monotonicMs: () => number; random: Random; summaries: Pick<FailureSummaries, "add"> },
  ) {
    const table = (perMinute: number) => new RateTable({ perMinute, burst: perMinute }, monotonicMs);
    this.#pairs = table(rates.failedSignInsPerMinute);
    this.#pairsOfAttacked = table(Math.min(FEW_PER_MINUTE, rates.failedSignInsPerMinute));
    this.#addresses = table(rates.failedSignInsPerAddressPerMinute);
    this.#accounts = table(rates.failedSignInsPerAccountPerMinute);
    this.#digestKey = random(32);
    this.#summaries = summaries;
  }

  /**
   * How long the attempt has to wait, in milliseconds; null when its credential may be checked. A
   * refused attempt is not a failure.
   */
  waitMs(attempt: Attempt): number | null {
    const { address, account } = keysOf(attempt);
    const ofAddress = this.#addresses.waitMs(address);
    const ofPair = account === null ? null : this.#waitOfPair(address, account);
    if (ofAddress === null && ofPair === null) return null;
    if (this.#accepted.get(this.#digest(attempt)) !== undefined) return null;
    this.#summaries.add(attempt, "refused");
    return Math.max(ofAddress ?? 0, ofPair ?? 0);
  }

  succeeded(attempt: Attempt): void {
    this.#accepted.set(this.#digest(attempt), true);
  }

  failed(attempt: Attempt): void {
    const { address, account } = keysOf(attempt);
    this.#accepted.delete(this.#digest(attempt));
    this.#addresses.charge(address);
    if (account !== null) {
      this.#pairs.charge(pairKey(address, account));
      this.#pairsOfAttacked.charge(pairKey(address, account));
      this.#accounts.charge(account);
    }
    this.#summaries.add(attempt, "failed");
  }

  /** For attempts that are limited elsewhere. */
  noted(attempt: Attempt): void {
    this.#summaries.add(attempt, "failed");
  }

  #waitOfPair(address: string, account: string): number | null {
    const key = pairKey(address, account);
    const isAttacked = this.#accounts.waitMs(account) !== null;
    return this.#pairs.waitMs(key) ?? (isAttacked ? this.#pairsOfAttacked.waitMs(key) : null);
  }

  /**
   * An assertion is a different text each time, so its account and address are remembered instead.
   */
  #digest({ kind, address, account, credential }: Attempt): string {
    const proof = kind === "assertion" ? addressKey(address) : credential;
    const digest = createHmac("sha256", this.#digestKey)
      .update(`${kind}\n${account ?? ""}\n${proof}`, "utf8")
      .digest();
    return digest.toString("base64url", 0, 16);
  }
}

const pairKey = (address: string, account: string): string => `${address}\n${account}`;

const keysOf = ({ address, account }: Attempt) => ({
  address: addressKey(address),
  account: account === null ? null : account.toLowerCase().slice(0, MAX_ACCOUNT_CHARS),
});
