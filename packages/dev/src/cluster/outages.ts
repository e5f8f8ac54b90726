/**
 * How long nodes may still report a backend as unavailable after it answers again. In this time
 * they reconnect and acquire leases.
 */
const RECOVERY_MS = 5_000;
/** A connection that broke a moment ago fails at its next request. */
const STALE_MS = 1_000;

interface Outage {
  readonly of: string;
  readonly fromMs: number;
  untilMs: number;
}

/** Records which fault was active when, and decides which errors of a caller a fault explains. */
export class Outages {
  readonly #list: Outage[] = [];

  /** The outage ends when the returned function is called. */
  begin(of: string): () => void {
    const outage = { of, fromMs: performance.now(), untilMs: Number.POSITIVE_INFINITY };
    this.#list.push(outage);
    return () => {
      outage.untilMs = performance.now();
    };
  }

  count(of: RegExp): number {
    return this.#list.filter((outage) => of.test(outage.of)).length;
  }

  /**
   * Whether the database was unavailable at any time since then, or had recovered only shortly
   * before.
   */
  mayExplain503(sinceMs: number): boolean {
    return this.#list.some(({ of, untilMs }) => of === "postgres" && untilMs + RECOVERY_MS >= sinceMs);
  }

  /**
   * Whether the requested node was down at any time since then. For the balancer, that is any node
   * that was killed since then.
   */
  mayExplainLoss(node: string | null, sinceMs: number): boolean {
    const isMeant = (of: string) => (node === null ? of.startsWith("node-") : of === node);
    return this.#list.some(({ of, fromMs, untilMs }) => {
      if (!isMeant(of)) return false;
      return (node === null ? fromMs : untilMs) + STALE_MS >= sinceMs;
    });
  }
}
