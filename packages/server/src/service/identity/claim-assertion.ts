import { createHash } from "node:crypto";
import type { AssertionReplay, ReplayVerdict } from "../../auth/tokens/client-assertion.ts";
import type { Store } from "../../store/store.ts";

/** Ids remembered for one client: in an hour almost three assertions a second. */
const IDS_PER_CLIENT = 10_000;

/**
 * Remembers the ids of assertions until they expire, on every node and over a restart, so that each is good once. Bounded for each client by
 * itself, so that one cannot lock out another; only asked for clients that exist and have proven who they are.
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
