import type { ServiceContext } from "../context.ts";

const BATCH = 100;

/**
 * Removes expired staged content that no action keeps, and the remains of interrupted uploads. The
 * row is marked first, so that no action begins to use it. It is deleted last, so that after a
 * crash in between the next run finds it.
 */
export async function removeExpiredContent({ store, blobs, clock }: ServiceContext): Promise<void> {
  const ids = await store.write((tx) => tx.stagedContents.markExpired(clock.nowMs(), BATCH));
  for (const id of ids) await blobs.deleteResult(id);
  if (ids.length === 0) return;
  await store.write(async (tx) => {
    for (const id of ids) await tx.stagedContents.remove(id);
  });
}
