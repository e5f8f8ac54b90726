import type { Caller } from "../../auth/caller.ts";
import { type DownloadUrlOrigin, urlMaker } from "../../auth/signatures/download-url.ts";
import type { StoreTx } from "../../store/store.ts";

const OUTSIDE = /^o-/;

/** The facts to which a link made now is bound. */
export async function originOfUrl(tx: StoreTx, caller: Caller, actionId: string): Promise<DownloadUrlOrigin> {
  const maker = urlMaker(caller.id);
  const [actionGeneration = 0, application] = await Promise.all([
    tx.resultLinks.generationOf(actionId),
    OUTSIDE.test(maker) ? undefined : tx.applications.byClientId(maker),
  ]);
  return { maker, actionGeneration, makerGeneration: application?.tokenGeneration ?? 0 };
}

/** Links of an older release do not say who made them, and count as those of one account. */
const UNKNOWN_ACCOUNT = "";

/**
 * The account of a link that is still valid; null for another one. A link is valid while its
 * action's links were not revoked, and its maker exists, is not blocked, and has no revocation
 * since. `origin`: null for a link of an older release, which ends with the first revocation of the
 * action's links.
 */
export async function accountOfUrl(
  tx: StoreTx,
  actionId: string,
  origin: DownloadUrlOrigin | null,
): Promise<string | null> {
  const generation = await tx.resultLinks.generationOf(actionId);
  if (generation !== (origin?.actionGeneration ?? 0)) return null;
  if (origin === null) return UNKNOWN_ACCOUNT;
  if (OUTSIDE.test(origin.maker)) return (await tx.blockedCallers.isMakerBlocked(origin.maker)) ? null : origin.maker;
  const application = await tx.applications.byClientId(origin.maker);
  if (application?.tokenGeneration !== origin.makerGeneration) return null;
  return application.ownerId ?? application.clientId;
}
