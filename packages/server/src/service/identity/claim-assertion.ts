import { createHash } from "node:crypto";
import type { AssertionReplay, ReplayVerdict } from "../../auth/tokens/client-assertion.ts";
import type { Store } from "../../store/store.ts";

/** Ids that are remembered for one client: almost three assertions a second for an hour. */
const IDS_PER_CLIENT = 10_000;

/**
 * Remembers the ids of assertions until they expire, on every node and across restarts, so that
 * each assertion is accepted once. The bound applies to each client separately, so that one client
 * cannot lock out another. Called only after the client has proven its identity.
 */
export function assertionReplay(store: Store, idsPerClient = IDS_PER_CLIENT): AssertionReplay {
  return {
    claim: (clientId, id, untilMs, nowMs) =>
      store.write(async (tx): Promise<ReplayVerdict> => {
        await tx.usedAssertions.removeExpired(clientId, nowMs);
        const digest = createHash("sha256").update(id, "utf8").digest("base64");
        if (!(await tx.usedAssertions.insert(clientId, digest, untilMs))) return "seen";
        if ((await tx.usedAssertions.countOf(clientId)) <= idsPerClient) return "fresh";
        await tx.usedAssertions.remove(clientId, digest);
        return "full";
      }),
  };
}
