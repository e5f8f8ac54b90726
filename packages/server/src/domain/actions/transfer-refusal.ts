/**
 * A result that the server refused for lack of space, and since when. The device retries until its
 * time is over.
 */
export interface TransferRefusal {
  code: StorageCode;
  sinceMs: number;
  /** When bytes were accepted again; null before that. */
  untilMs: number | null;
}

export type StorageCode = "InsufficientStorage" | "ResultQuotaExceeded";

const REASONS: Readonly<Record<StorageCode, string>> = {
  InsufficientStorage: "the server is out of storage space",
  ResultQuotaExceeded: "a quota of the server for results is used up",
};

/** The text that an analyst reads while a result waits. */
export const refusalReason = (code: StorageCode): string =>
  `${REASONS[code]} (${code}); an operator has to free or add space, then the transfer goes on by itself`;

/** The text that stays in the command's `errors` after it has ended. */
export function refusalNote({ code, sinceMs, untilMs }: TransferRefusal, endedAtMs: number): string {
  const seconds = Math.max(0, Math.round(((untilMs ?? endedAtMs) - sinceMs) / 1_000));
  const since = new Date(sinceMs).toISOString();
  return `From ${since} on the result waited ${seconds} s, because ${REASONS[code]} (${code}).`;
}
