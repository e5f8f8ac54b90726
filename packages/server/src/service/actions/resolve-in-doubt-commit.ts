import { sleep } from "@halligan/protocol/time";
import { CommitInDoubtError, StoreUnavailableError } from "../../store/store-unavailable-error.ts";
import type { ServiceContext } from "../context.ts";

/** How long to wait for a database. A restarted one answers within seconds. */
const RESOLVE_WITHIN_MS = 30_000;
const POLL_INTERVAL_MS = 250;

/**
 * Resolves an in-doubt commit of work that must not be done twice. A 503 means that nothing was
 * done, and clients retry after it by themselves. If the commit of `work` is in doubt, `wasMade` is
 * called until the database answers. It must take the same lock as `work`, so that it waits for a
 * commit that is still under way. If nothing was committed, the first error stands.
 */
export async function resolveInDoubtCommit<T>(
  { clock }: Pick<ServiceContext, "clock">,
  work: () => Promise<T>,
  wasMade: () => Promise<T | null>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (!(cause instanceof CommitInDoubtError)) throw cause;
    const untilMs = clock.monotonicMs() + RESOLVE_WITHIN_MS;
    for (;;) {
      const made = await wasMade().catch((again: unknown) => {
        if (!(again instanceof StoreUnavailableError) || clock.monotonicMs() >= untilMs) throw again;
        return "unavailable" as const;
      });
      if (made === null) throw new StoreUnavailableError("the database does not answer", { cause });
      if (made !== "unavailable") return made;
      await sleep(clock, POLL_INTERVAL_MS, new AbortController().signal);
    }
  }
}
