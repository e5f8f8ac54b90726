import { RateTable } from "../auth/failures/rate-table.ts";
import type { DomainError } from "../domain/errors.ts";
import { lru } from "../lru.ts";

/** An agent waits longer than this before it retries a refused part. */
const REMEMBERED_MS = 1_000;
const MAX_REMEMBERED = 10_000;
/** An agent that is refused retries every half second at first, and every ten seconds later. */
const REFUSALS = { perMinute: 300, burst: 60 };
/**
 * An agent sends one part or completion at a time. The second slot is for an earlier request that
 * the network has lost.
 */
const SLOTS = 2;

export interface WantedPart {
  machineId: string;
  actionId: string;
  index: number;
  /** The offset that the upload reaches with the bytes about to arrive. */
  neededBytes: number;
  sizeBytes: number;
}

type StorageRefusal = Extract<DomainError, { code: "InsufficientStorage" | "ResultQuotaExceeded" }>;

/**
 * Bounds the upload requests that one device may send to this node, independent of the store. In
 * memory.
 */
export class UploadBounds {
  readonly #monotonicMs: () => number;
  readonly #refusals: RateTable;
  readonly #remembered = lru<string, { wanted: WantedPart; error: StorageRefusal; atMs: number }>(MAX_REMEMBERED);
  readonly #slots = new Map<string, number>();

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
    this.#refusals = new RateTable(REFUSALS, monotonicMs);
  }

  /** How long a machine must wait after too many refused requests; null when it need not. */
  waitMs(machineId: string): number | null {
    return this.#refusals.waitMs(machineId);
  }

  countRefusal(machineId: string): void {
    this.#refusals.charge(machineId);
  }

  /**
   * Remembers a refusal for lack of space. For one second it holds for as much or more of the same
   * command.
   */
  remember(wanted: WantedPart, error: StorageRefusal): void {
    this.#remembered.set(keyOf(wanted), { wanted, error, atMs: this.#monotonicMs() });
  }

  remembered(wanted: WantedPart): StorageRefusal | null {
    const known = this.#remembered.get(keyOf(wanted));
    if (known === undefined || this.#monotonicMs() - known.atMs >= REMEMBERED_MS) return null;
    const isAsMuch = wanted.neededBytes >= known.wanted.neededBytes && wanted.sizeBytes >= known.wanted.sizeBytes;
    return isAsMuch ? known.error : null;
  }

  /**
   * Takes a slot for one part or completion, until it is disposed of. Null when the device has all
   * its slots in use. A new connection has slots of its own.
   */
  acquireSlot({ machineId, connectionEpoch }: { machineId: string; connectionEpoch: number }): Disposable | null {
    const key = `${machineId} ${connectionEpoch}`;
    const taken = this.#slots.get(key) ?? 0;
    if (taken >= SLOTS) return null;
    this.#slots.set(key, taken + 1);
    return {
      [Symbol.dispose]: () => {
        const left = (this.#slots.get(key) ?? 1) - 1;
        if (left === 0) this.#slots.delete(key);
        else this.#slots.set(key, left);
      },
    };
  }
}

const keyOf = ({ machineId, actionId, index }: WantedPart): string => `${machineId} ${actionId} ${index}`;
