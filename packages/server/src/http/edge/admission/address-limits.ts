import type { FailedAuthentications } from "../../../auth/failures/failed-authentications.ts";
import { RateTable } from "../../../auth/failures/rate-table.ts";
import { addressKey } from "../../../network/address-key.ts";
import { type ErrorResponse, tooManyRequests } from "../http-response.ts";

export interface AddressRates {
  /** Requests without authentication of one address in a minute. */
  readonly anonymousRequestsPerMinute: number;
}

/** How much of a minute's requests may come at once. */
const BURST_SHARE = 1 / 6;

/** Limits of one network address without authentication. Counted by each node separately. */
export class AddressLimits {
  readonly #anonymous: RateTable;
  readonly #perMinute: number;
  readonly #failures: Pick<FailedAuthentications, "noted">;

  constructor(
    { anonymousRequestsPerMinute }: AddressRates,
    monotonicMs: () => number,
    failures: Pick<FailedAuthentications, "noted">,
  ) {
    this.#failures = failures;
    this.#perMinute = anonymousRequestsPerMinute;
    const burst = Math.max(1, Math.ceil(anonymousRequestsPerMinute * BURST_SHARE));
    this.#anonymous = new RateTable({ perMinute: anonymousRequestsPerMinute, burst }, monotonicMs);
  }

  /**
   * Counts a request whose access token or ticket is not valid. Called after the check, which is
   * cheap, so a valid token is accepted even from an address over its limit.
   */
  countForged(address: string): ErrorResponse | null {
    this.#failures.noted({ kind: "accessToken", address, account: null, credential: "" });
    return this.countAnonymous(address);
  }

  /** Counts a request whose body is read without authentication; null when it may be read. */
  countAnonymous(address: string): ErrorResponse | null {
    const waitMs = this.#anonymous.take(addressKey(address));
    if (waitMs === null) return null;
    return tooManyRequests(
      waitMs / 1_000,
      `the limit of requests without authentication from one address is reached (${this.#perMinute} a minute).`,
    );
  }
}
