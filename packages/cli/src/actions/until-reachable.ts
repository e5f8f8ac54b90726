import { ApiError, UnreachableError } from "@halligan/protocol/client";
import { sleep, systemClock } from "@halligan/protocol/time";
import type { CommandContext } from "../command.ts";
import { PATIENCE_MS } from "./wait-for-action.ts";

const INTERVAL_MS = 1_000;

/**
 * Asks again while the server is away, as long as the wait for an action lasts through an outage.
 * Only for what changes nothing.
 */
export async function untilReachable<T>(
  { note, signal }: Pick<CommandContext, "note" | "signal">,
  ask: () => Promise<T>,
): Promise<T> {
  const startedAtMs = performance.now();
  for (let isNoted = false; ; isNoted = true) {
    try {
      return await ask();
    } catch (error) {
      signal.throwIfAborted();
      const isOver = performance.now() - startedAtMs > PATIENCE_MS;
      if (isOver || !(error instanceof UnreachableError || isOutage(error))) throw error;
      if (!isNoted) note(`halligan: the server is away and is asked again for ${PATIENCE_MS / 1_000} s`);
      await sleep(systemClock, INTERVAL_MS, signal);
    }
  }
}

/** As a proxy answers whose server is away. */
const isOutage = (error: unknown): boolean => error instanceof ApiError && [502, 504].includes(error.status);
