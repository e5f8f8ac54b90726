import { setImmediate, setTimeout as sleep } from "node:timers/promises";

const WITHIN_MS = 30_000;
/** Most conditions hold within this time. Until then they are polled without a pause. */
const WITHOUT_PAUSE_MS = 20;
const PAUSE_MS = 5;

type No = false | null | undefined;

/**
 * Polls `condition` until its value is truthy, and returns that value. Every test that waits for a
 * condition uses this function, so a test that waits in vain says for what.
 *
 * `what`: a noun phrase for the message, "waited 30 s for the end of the process".
 */
export async function until<T>(
  condition: () => T | No | Promise<T | No>,
  what: string,
  { withinMs = WITHIN_MS }: { readonly withinMs?: number } = {},
): Promise<T> {
  // Created before the wait, because its stack then leads to the test.
  const error = new Error(`waited ${withinMs / 1_000} s for ${what}`);
  const { promise: isOver, reject } = Promise.withResolvers<never>();
  const limit = setTimeout(() => reject(error), withinMs);
  const begunMs = performance.now();
  try {
    for (;;) {
      // The limit stands first: a race takes the first of two that are settled.
      const value = await Promise.race([isOver, condition()]);
      if (value) return value;
      await (performance.now() - begunMs < WITHOUT_PAUSE_MS ? setImmediate() : sleep(PAUSE_MS));
    }
  } finally {
    clearTimeout(limit);
  }
}
