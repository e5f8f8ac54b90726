import { enroll } from "../../src/identity/enroll.ts";
import { currentFacts } from "../../src/machine-facts/machine-facts.ts";
import { agentNetwork } from "../../src/network/agent-network.ts";
import { DEFAULT_SETTINGS } from "../../src/settings.ts";

/**
 * Makes an enrolled data folder without a process, for tests of what an enrolled agent does. The
 * command `enroll` has tests under each runtime in `one-order.test.ts`, `behind-a-proxy.test.ts`
 * and `full-disk.test.ts`.
 */
export async function enrollHere(serverUrl: string, root: string, name: string | null = null): Promise<void> {
  await enroll({
    root,
    serverUrl,
    token: "t",
    name,
    facts: currentFacts(name),
    network: agentNetwork({}, DEFAULT_SETTINGS),
    enrollTimeoutMs: DEFAULT_SETTINGS.enrollTimeoutMs,
    authorities: null,
  });
}
