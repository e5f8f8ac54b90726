import { createHash } from "node:crypto";

/** `full`: this client has used more ids than are remembered and must be refused, because a repeated one would not be recognised. */
export type ReplayVerdict = "fresh" | "seen" | "full";

export interface ReplayGuardOptions {
  /** Ids remembered for one client. Default 10,000: in an hour almost three assertions a second. */
  readonly idsPerClient?: number;
  /** Between two sweeps of what has expired, in milliseconds. Default 60,000. */
  readonly sweepEveryMs?: number;
}

/**
 * Remembers ids until they expire, so that what has one is good once. In this process's memory: about 100 bytes an id, bounded for each
 * client by itself, so that one client cannot lock out another; only ask for clients that exist and have proven who they are.
 */
export class ReplayGuard {
  readonly #idsPerClient: number;
  readonly #sweepEveryMs: number;
  readonly #clients = new Map<string, Map<string, number>>();
  #sweptAtMs = 0;

  constructor({ idsPerClient = 10_000, sweepEveryMs = 60_000 }: ReplayGuardOptions = {}) {
    this.#idsPerClient = idsPerClient;
    this.#sweepEveryMs = sweepEveryMs;
  }

  /** Takes the id if it is `fresh`. `untilMs`: when it stops being good anyway. Unix milliseconds. */
  claim(clientId: string, id: string, untilMs: number, nowMs: number): ReplayVerdict {
    if (Math.abs(nowMs - this.#sweptAtMs) >= this.#sweepEveryMs) this.#sweep(nowMs);
    const ids = this.#clients.get(clientId) ?? new Map<string, number>();
    // Ids are the client's text, of any length.
    const digest = createHash("sha256").update(id, "utf8").digest("base64");
    if ((ids.get(digest) ?? Number.NEGATIVE_INFINITY) > nowMs) return "seen";
    if (!ids.has(digest) && ids.size >= this.#idsPerClient) return "full";
    ids.set(digest, untilMs);
    this.#clients.set(clientId, ids);
    return "fresh";
  }

  #sweep(nowMs: number): void {
    this.#sweptAtMs = nowMs;
    for (const [clientId, ids] of this.#clients) {
      for (const [digest, untilMs] of ids) if (untilMs <= nowMs) ids.delete(digest);
      if (ids.size === 0) this.#clients.delete(clientId);
    }
  }
}
