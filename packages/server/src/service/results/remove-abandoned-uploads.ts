import { CANCELLED_DELIVERY_MS } from "../../domain/results/result-space.ts";
import type { ServiceContext } from "../context.ts";

const BATCH = 100;

/**
 * Removes the bytes of uploads, complete or not, that no end of a command can name any more: their
 * action is final, another upload replaced them, or nothing was added for `leftoverMs`. The bytes
 * are removed before the row, so that after a crash in between the next run repeats the step.
 * Returns how many.
 */
export async function removeAbandonedUploads(
  { store, blobs, clock, resultSpace }: Pick<ServiceContext, "store" | "blobs" | "clock" | "resultSpace">,
  leftoverMs: number,
): Promise<number> {
  const nowMs = clock.nowMs();
  const abandoned = await store.read((tx) =>
    tx.resultSpace.abandoned(nowMs - CANCELLED_DELIVERY_MS, nowMs - leftoverMs, BATCH),
  );
  let removed = 0;
  for (const { resultId, actionId } of abandoned) {
    // A node of the previous release records ends without a mark in this table.
    const action = await store.read((tx) => tx.actions.byId(actionId));
    const isNamed = action?.commands.some(({ result }) => result?.kind === "blob" && result.resultId === resultId);
    if (isNamed) {
      await store.write((tx) => tx.resultSpace.keep(resultId));
      continue;
    }
    resultSpace.forget(resultId);
    await blobs.deleteResult(resultId);
    await store.write((tx) => tx.resultSpace.remove(resultId));
    removed += 1;
  }
  return removed;
}
