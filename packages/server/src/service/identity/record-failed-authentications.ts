import type { FailureSummaries, FailureSummary } from "../../auth/failures/failure-summaries.ts";
import type { StoreTx } from "../../store/store.ts";
import { SERVER } from "../actor.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";

/** Number of accounts that one record names, and of client ids that are looked up for it. */
const MAX_NAMED = 5;
const MAX_LOOKED_UP = 16;

/**
 * Writes one audit record for each address and kind of credential with failures since the last run.
 */
export async function recordFailedAuthentications(
  { store, clock }: Pick<ServiceContext, "store" | "clock">,
  summaries: FailureSummaries,
): Promise<void> {
  const taken = summaries.take();
  if (taken.length === 0) return;
  try {
    await store.write(async (tx) => {
      for (const summary of taken) await record(tx, summary, clock.nowMs());
    });
  } catch (error) {
    summaries.giveBack(taken);
    throw error;
  }
}

async function record(tx: StoreTx, summary: FailureSummary, nowMs: number): Promise<void> {
  const { address, kind, failed, refused, firstMs, lastMs } = summary;
  await auditChange(tx, { ...SERVER, ...(address !== null && { address }) }, "FailedAuthentications", nowMs, {
    credential: kind,
    failed,
    refused,
    firstAt: new Date(firstMs).toISOString(),
    lastAt: new Date(lastMs).toISOString(),
    accounts: await knownAccounts(tx, summary),
  });
}

/** Only existing applications are named, because other client ids are text of the attacker. */
async function knownAccounts(tx: StoreTx, { accounts }: FailureSummary) {
  const named: { clientId: string; name: string; attempts: number }[] = [];
  for (const [clientId, attempts] of [...accounts].toSorted(([, a], [, b]) => b - a).slice(0, MAX_LOOKED_UP)) {
    if (named.length === MAX_NAMED) break;
    const application = await tx.applications.byClientId(clientId);
    if (application !== undefined) named.push({ clientId, name: application.name, attempts });
  }
  return named;
}
