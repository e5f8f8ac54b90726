import type { ServiceContext } from "../context.ts";

const BATCH = 100;

/**
 * Removes staged content that has expired and that no action keeps, and what uploads left behind. The row is marked first, so that no
 * action begins to use it; it goes last, so that a crash in between leaves it for the next run.
 */
export async function removeExpiredContent({ store, blobs, clock }: ServiceContext): Promise<void> {
  const ids = await store.write((tx) => tx.stagedContents.markExpired(clock.nowMs(), BATCH));
  for (const id of ids) await blobs.deleteResult(id);
  if (ids.length === 0) return;
  await store.write(async (tx) => {
    for (const id of ids) await tx.stagedContents.remove(id);
  });
}
