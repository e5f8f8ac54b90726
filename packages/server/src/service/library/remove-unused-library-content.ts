import { longestActionMs } from "../../domain/actions/action-bound.ts";
import { SERVER } from "../actor.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";

const BATCH = 100;
/** The clocks of nodes differ, and a start may have read a file just before it was replaced. */
const CLOCK_SLACK_MS = 60_000;

/**
 * Removes the bytes of library files that were replaced or deleted before the retention period.
 * Bytes that a present file also has are kept, and so are all bytes that an action may still need
 * or show: an action pins the files that are present when it starts, so it needs no file that ended
 * before. An action shows its scripts as long as its results. It is not looked up which actions
 * pinned a file, because a count of uses would be one row that every start of that file changes.
 * The rows are marked first, so that an upload of the same bytes notices it. After a crash the mark
 * stays, and the next run continues.
 */
export async function removeUnusedLibraryContent({ store, blobs, clock, limits }: ServiceContext): Promise<number> {
  const nowMs = clock.nowMs();
  const marked = await store.write(async (tx) => {
    await tx.library.lockContents();
    const oldestMs = (await tx.actions.oldestOpenMs()) ?? nowMs;
    const shownMs = limits.resultRetentionMs + longestActionMs(limits);
    const beforeMs = Math.min(nowMs - Math.max(limits.libraryRetentionMs, shownMs), oldestMs - CLOCK_SLACK_MS);
    return tx.library.markUnused(beforeMs, BATCH);
  });
  for (const sha256 of marked) {
    await blobs.deleteLibrary(sha256);
    await store.write(async (tx) => {
      if (await tx.library.markRemoved(sha256))
        await auditChange(tx, SERVER, "LibraryContentRemoved", nowMs, { sha256 });
    });
  }
  return marked.length;
}
