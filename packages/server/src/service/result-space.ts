import type { StorageCode } from "../domain/actions/transfer-refusal.ts";
import type { Quota } from "../domain/results/result-space.ts";
import { lru } from "../lru.ts";
import type { StoreTx } from "../store/store.ts";
import { UploadBounds } from "./upload-bounds.ts";
import { UploadStarts } from "./upload-starts.ts";

/**
 * Maximum age of the sum over all machines. Space that other nodes grant within this time is not
 * counted yet.
 */
const TOTAL_AGE_MS = 30_000;
/** At most one warning of each kind in this time. */
const WARNING_INTERVAL_MS = 60_000;
const MAX_KNOWN_GRANTS = 10_000;

export interface RefusalSummary {
  /** Requests that were refused since the last warning, including this one. */
  readonly requests: number;
  readonly bytes: number;
}

/**
 * What one node remembers about the space of results. The store is authoritative; this cache saves
 * a transaction for each part, and a sum over all results for each grant.
 */
export class ResultSpace {
  readonly uploads: UploadBounds;
  readonly starts = new UploadStarts();
  readonly #monotonicMs: () => number;
  readonly #granted = lru<string, number>(MAX_KNOWN_GRANTS);
  readonly #refused = new Map<StorageCode, { warnedAtMs: number; requests: number; bytes: number }>();
  #total: { bytes: number; atMs: number } | null = null;

  constructor(monotonicMs: () => number) {
    this.uploads = new UploadBounds(monotonicMs);
    this.#monotonicMs = monotonicMs;
  }

  /** Bytes that this node has granted to an upload; 0 when unknown. */
  grantedTo(resultId: string): number {
    return this.#granted.get(resultId) ?? 0;
  }

  granted(resultId: string, bytes: number): void {
    this.#granted.set(resultId, bytes);
  }

  /** The size of the upload is known now, so granted space beyond it is free again. */
  completed(resultId: string, sizeBytes: number): void {
    const before = this.#granted.get(resultId);
    if (before !== undefined) this.grew(sizeBytes - before);
    this.#granted.set(resultId, sizeBytes);
  }

  forget(resultId: string): void {
    this.#granted.delete(resultId);
  }

  /** Called after a grant was committed. */
  grew(bytes: number): void {
    if (this.#total) this.#total.bytes += bytes;
  }

  async quotas(
    tx: Pick<StoreTx, "resultSpace">,
    machineId: string,
    limits: { machineResultsLimitBytes: number; allResultsLimitBytes: number },
  ): Promise<Quota[]> {
    const usedBytes = await tx.resultSpace.bytesOfMachine(machineId);
    return [
      { of: "machine", limitBytes: limits.machineResultsLimitBytes, usedBytes },
      { of: "deployment", limitBytes: limits.allResultsLimitBytes, usedBytes: await this.totalBytes(tx) },
    ];
  }

  async totalBytes(tx: Pick<StoreTx, "resultSpace">): Promise<number> {
    const nowMs = this.#monotonicMs();
    if (!this.#total || nowMs - this.#total.atMs >= TOTAL_AGE_MS) {
      this.#total = { bytes: await tx.resultSpace.bytesOfAll(), atMs: nowMs };
    }
    return this.#total.bytes;
  }

  /** Counts a refusal. Returns the warning if one is due. */
  refused(code: StorageCode, sizeBytes: number): RefusalSummary | null {
    const nowMs = this.#monotonicMs();
    const known = this.#refused.get(code) ?? { warnedAtMs: Number.NEGATIVE_INFINITY, requests: 0, bytes: 0 };
    known.requests += 1;
    known.bytes += sizeBytes;
    this.#refused.set(code, known);
    if (nowMs - known.warnedAtMs < WARNING_INTERVAL_MS) return null;
    this.#refused.set(code, { warnedAtMs: nowMs, requests: 0, bytes: 0 });
    return { requests: known.requests, bytes: known.bytes };
  }
}
