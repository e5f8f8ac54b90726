import { addressKey } from "../../network/address-key.ts";
import type { Attempt, CredentialKind } from "./attempt.ts";

/** The failures of one address with one kind of credential since the last summary. */
export interface FailureSummary {
  /** An IPv6 address stands for its /64; null for all addresses beyond {@link MAX_SUMMARIES}. */
  readonly address: string | null;
  readonly kind: CredentialKind;
  /** Attempts that were checked and failed. */
  failed: number;
  /** Attempts that were not checked, because a limit was reached. */
  refused: number;
  /** Attempts by client id as it was sent, which is text of the attacker. */
  readonly accounts: Map<string, number>;
  readonly firstMs: number;
  lastMs: number;
}

/** Addresses with a summary of their own. Further ones share one summary. */
const MAX_SUMMARIES = 50;
const MAX_ACCOUNTS = 32;
/** The form of a client id. Other text is counted without being recorded. */
const CLIENT_ID = /^[0-9a-f-]{36}$/i;

/**
 * Counts failed authentications until they are recorded, so that there is one record for an address
 * and window instead of one for each failure. Bounded.
 */
export class FailureSummaries {
  readonly #nowMs: () => number;
  #open = new Map<string, FailureSummary>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  add({ address, kind, account }: Pick<Attempt, "address" | "kind" | "account">, outcome: "failed" | "refused"): void {
    const summary = this.#summaryOf(addressKey(address), kind);
    summary[outcome] += 1;
    summary.lastMs = this.#nowMs();
    if (account === null || !CLIENT_ID.test(account)) return;
    const { accounts } = summary;
    const name = account.toLowerCase();
    if (accounts.has(name) || accounts.size < MAX_ACCOUNTS) accounts.set(name, (accounts.get(name) ?? 0) + 1);
  }

  /** The failures since the last call. */
  take(): readonly FailureSummary[] {
    const taken = [...this.#open.values()];
    this.#open = new Map();
    return taken;
  }

  /** Adds back failures that could not be recorded. */
  giveBack(summaries: readonly FailureSummary[]): void {
    const since = this.take();
    for (const summary of [...summaries, ...since]) {
      const key = keyOf(summary.address, summary.kind);
      const known = this.#open.get(key);
      if (known === undefined) this.#open.set(key, summary);
      else {
        known.failed += summary.failed;
        known.refused += summary.refused;
        known.lastMs = summary.lastMs;
      }
    }
  }

  #summaryOf(address: string, kind: CredentialKind): FailureSummary {
    const known = this.#open.get(keyOf(address, kind));
    if (known !== undefined) return known;
    const shared = this.#open.size >= MAX_SUMMARIES ? null : address;
    const key = keyOf(shared, kind);
    const nowMs = this.#nowMs();
    const summary = this.#open.get(key) ?? {
      address: shared,
      kind,
      failed: 0,
      refused: 0,
      accounts: new Map(),
      firstMs: nowMs,
      lastMs: nowMs,
    };
    this.#open.set(key, summary);
    return summary;
  }
}

const keyOf = (address: string | null, kind: CredentialKind): string => `${kind}\n${address ?? ""}`;
