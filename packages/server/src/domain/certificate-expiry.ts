const DAY_MS = 24 * 3_600_000;

/**
 * The times before expiry at which warnings begin. Each is at most a share of the whole validity,
 * for short-lived certificates.
 */
const WARNINGS = [
  { beforeMs: 21 * DAY_MS, share: 1 / 4 },
  { beforeMs: 7 * DAY_MS, share: 1 / 8 },
  { beforeMs: 3 * DAY_MS, share: 1 / 16 },
  { beforeMs: 1 * DAY_MS, share: 1 / 32 },
] as const;

export interface Validity {
  readonly validFromMs: number;
  readonly validUntilMs: number;
}

/**
 * How close a certificate is to its expiry. 0: no warning. 1 to 4: increasingly close. 5: expired.
 * A warning is due when the number has increased. A usual renewal, at a third of the validity
 * before expiry, never reaches 1.
 */
export function expiryLevel({ validFromMs, validUntilMs }: Validity, nowMs: number): 0 | 1 | 2 | 3 | 4 | 5 {
  const leftMs = validUntilMs - nowMs;
  if (leftMs <= 0) return 5;
  const lifetimeMs = Math.max(0, validUntilMs - validFromMs);
  const passed = WARNINGS.filter(({ beforeMs, share }) => leftMs <= Math.min(beforeMs, lifetimeMs * share)).length;
  return passed === 4 ? 4 : passed === 3 ? 3 : passed === 2 ? 2 : passed === 1 ? 1 : 0;
}
