import { SERVER } from "../actor.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";

const BATCH = 100;
/** Nodes write times of clocks that differ; a start may have read a file just before it was replaced. */
const CLOCK_SLACK_MS = 60_000;

/**
 * Removes the bytes of library files that were replaced or deleted longer ago than the retention. Kept are bytes that a present file has as
 * well, and all that an action may still need: an action pins what is present when it starts, so it needs nothing that ended before it was
 * made. The rows are marked first, so that an upload of the same bytes notices; a crash leaves the mark, and the next run goes on.
 */
export async function removeUnusedLibraryContent({ store, blobs, clock, limits }: ServiceContext): Promise<number> {
  const nowMs = clock.nowMs();
  const marked = await store.write(async (tx) => {
    await tx.library.lockContents();
    const oldestMs = (await tx.actions.oldestOpenMs()) ?? nowMs;
    const beforeMs = Math.min(nowMs - limits.libraryRetentionMs, oldestMs - CLOCK_SLACK_MS);
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
