/** When a secret of so many seconds ends, in Unix milliseconds; null for one without an end. */
export const secretEndMs = (nowMs: number, seconds: number | undefined): number | null =>
  seconds === undefined ? null : nowMs + seconds * 1_000;
