import { systemClock, withDeadline } from "@halligan/protocol/time";

/** One attempt of a call that carries no stream. */
export const TRY_TIMEOUT_MS = 30_000;
/** Longest time that such a call may take: three attempts and the pauses between them. */
export const CALL_TIMEOUT_MS = 100_000;
/**
 * For a part of 8 MiB at the pace of a slow device; its own edge gives up earlier when the device
 * sends nothing.
 */
export const STREAM_TIMEOUT_MS = 15 * 60_000;

/** Runs a call to an object store under a time limit. */
export const answerWithin = <T>(
  limitMs: number,
  call: (signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> => withDeadline(systemClock, limitMs, signal, `no answer within ${limitMs} ms`, call);
