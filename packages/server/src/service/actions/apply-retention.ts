import { applyEvent } from "../../domain/actions/apply-event.ts";
import { contentIdsOf } from "../../domain/actions/machine-action.ts";
import { SERVER } from "../actor.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";
import { removeExpiredContent } from "../library/remove-expired-content.ts";

const BATCH = 100;
const WINDOW_SLACK_MS = 60_000;

/**
 * Removes what has been kept for the whole retention: first the bytes of results, later the actions
 * themselves. The bytes go before the row that records it, so that after a crash in between the
 * next run finds the same row and repeats the step. Content that came with an action goes when the
 * last action that keeps it releases it. Audit records stay. Expired request windows and keys of
 * starts are removed a minute late, because another node's clock may be behind this one's.
 */
export async function applyRetention(context: ServiceContext): Promise<void> {
  const { store, blobs, clock, limits } = context;
  const nowMs = clock.nowMs();
  const due = await store.read((tx) => tx.actions.withResultsBefore(nowMs - limits.resultRetentionMs, BATCH));
  for (const { id } of due) {
    for (const resultId of await store.read((tx) => tx.results.uploadsOf(id))) await blobs.deleteResult(resultId);
    await store.write(async (tx) => {
      const action = await tx.actions.byId(id);
      if (!action) return;
      const transition = applyEvent(action, { type: "resultsExpired" }, nowMs);
      if (transition.kind !== "changed") return;
      await tx.actions.save(action, transition.action);
      for (const contentId of contentIdsOf(action)) await tx.stagedContents.release(contentId);
      await tx.results.removeOf(id);
      await auditChange(tx, SERVER, "ResultsExpired", nowMs, { actionId: id }, transition.action.machineId);
    });
  }
  await removeExpiredContent(context);
  await store.write(async (tx) => {
    const removed = await tx.actions.removeBefore(nowMs - limits.actionRetentionMs, BATCH);
    for (const actionId of removed) await tx.signedEnds.removeOf(actionId);
    await tx.requestWindows.removeBefore(nowMs - WINDOW_SLACK_MS);
    await tx.idempotencyKeys.removeBefore(nowMs - WINDOW_SLACK_MS);
  });
}
