import type { Variables } from "../variables.ts";
import type { CliNetwork } from "./cli-network.ts";

/** The network, loaded for the first request: the help and the version need none. */
export function lazyNetwork(variables: Variables): CliNetwork {
  let loaded: Promise<CliNetwork> | null = null;
  let authorities: readonly string[] = [];
  const load = async () => (await import("./cli-network.ts")).cliNetwork(variables);
  return {
    async fetch(address, init) {
      loaded ??= load();
      const network = await loaded;
      network.trust(authorities);
      return await network.fetch(address, init);
    },
    trust(certificates) {
      authorities = certificates;
    },
  };
}
