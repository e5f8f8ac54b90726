import { sleep } from "../../clock.ts";
import { CommitInDoubt, StoreUnavailable } from "../../store/store-unavailable.ts";
import type { ServiceContext } from "../context.ts";

/** A database that was restarted answers within seconds. */
const SETTLE_WITHIN_MS = 30_000;
const LOOK_INTERVAL_MS = 250;

/**
 * For what must not be done twice when its caller repeats it: an answer of 503 says that nothing was done, and clients repeat on it by
 * themselves. Where the commit of `work` is in doubt, `wasMade` is asked until the database answers; it must take the lock that `work`
 * had, so that a commit which is still under way is waited for. When it was not made the first failure stands.
 */
export async function settleDoubt<T>(
  { clock }: Pick<ServiceContext, "clock">,
  work: () => Promise<T>,
  wasMade: () => Promise<T | null>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof CommitInDoubt)) throw cause;
    const untilMs = clock.monotonicMs() + SETTLE_WITHIN_MS;
    for (;;) {
      const made = await wasMade().catch((again: unknown) => {
        if (!(again instanceof StoreUnavailable) || clock.monotonicMs() >= untilMs) throw again;
        return "away" as const;
      });
      if (made === null) throw new StoreUnavailable("the database does not answer", { cause });
      if (made !== "away") return made;
      await sleep(clock, LOOK_INTERVAL_MS, new AbortController().signal);
    }
  }
}
