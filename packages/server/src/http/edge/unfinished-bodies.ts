import { type ErrorResponse, httpError, tooManyRequests } from "./http-response.ts";

export interface BodyBudgets {
  /** Of one account or machine, in bytes. */
  readonly ownerBytes: number;
  /** Of one address without authentication. */
  readonly addressBytes: number;
  /** Of all of them. */
  readonly totalBytes: number;
}

/** Whose body it is: an account, a machine, or an address without authentication. */
export interface BodyOwner {
  readonly key: string;
  readonly isAddress: boolean;
}

/** An honest body arrives within a second or so. */
const RETRY_AFTER_S = 2;

/**
 * The bytes of bodies that are held in memory because their end has not arrived. A body may take
 * seconds to arrive, so one caller could hold as many of them as it opens connections: 400
 * connections with 900 KiB each took 287 MiB.
 */
export class UnfinishedBodies {
  readonly #budgets: BodyBudgets;
  /** Only owners with bytes that are held. */
  readonly #held = new Map<string, number>();
  #heldBytes = 0;

  constructor(budgets: BodyBudgets) {
    this.#budgets = budgets;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * Counts bytes that have arrived; a refusal when they are too many, and then they are not
   * counted.
   */
  add({ key, isAddress }: BodyOwner, sizeBytes: number): ErrorResponse | null {
    const { ownerBytes, addressBytes, totalBytes } = this.#budgets;
    const ofOwner = (this.#held.get(key) ?? 0) + sizeBytes;
    const most = isAddress ? addressBytes : ownerBytes;
    if (ofOwner > most) {
      const whose = isAddress ? "this address" : "this caller";
      return closing(
        tooManyRequests(
          RETRY_AFTER_S,
          `unfinished request bodies of ${whose} hold more than ${most} bytes. Send fewer of them at once.`,
        ),
      );
    }
    if (this.#heldBytes + sizeBytes > totalBytes) return closing(ALL_HELD);
    this.#held.set(key, ofOwner);
    this.#heldBytes += sizeBytes;
    return null;
  }

  /** The body has ended, or was given up. */
  release({ key }: BodyOwner, sizeBytes: number): void {
    const left = (this.#held.get(key) ?? 0) - sizeBytes;
    if (left > 0) this.#held.set(key, left);
    else this.#held.delete(key);
    this.#heldBytes -= sizeBytes;
  }
}

/**
 * The rest of the body is not received, because receiving it would use the memory and time that the
 * limit protects.
 */
const closing = (response: ErrorResponse): ErrorResponse => ({
  ...response,
  headers: { ...response.headers, connection: "close" },
});

const ALL_HELD = httpError(
  503,
  "ServiceUnavailable",
  "Unfinished request bodies fill the memory that this server has for them; try again later",
  { "retry-after": String(RETRY_AFTER_S) },
);
