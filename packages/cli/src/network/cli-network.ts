import type { Fetch } from "@halligan/protocol/client";
import { createNetwork, systemCertificates, trustAlso } from "@halligan/protocol/network";
import type { Variables } from "../variables.ts";
import { nodeFetch } from "./node-fetch.ts";

/**
 * Access to servers: the proxy of the environment, the system's certificate store, and the
 * authorities of a profile.
 */
export interface CliNetwork {
  fetch: Fetch;
  /** Certificates in PEM that are trusted as well. */
  trust(certificates: readonly string[]): void;
}

const PROXY_TIMEOUT_MS = 15_000;
const MAX_CONNECTIONS = 8;

export function cliNetwork(variables: Variables): CliNetwork {
  const network = createNetwork({
    env: { ...variables },
    proxyTimeoutMs: PROXY_TIMEOUT_MS,
    maxSockets: MAX_CONNECTIONS,
  });
  const request = nodeFetch(network);
  let authorities: readonly string[] = [];
  let system: readonly string[] | null = null;
  return {
    async fetch(address, init) {
      const url = new URL(address);
      if (url.protocol === "https:" || network.proxyNameFor(url)?.startsWith("https:")) {
        // Read when a certificate is about to be checked, and once.
        system ??= systemCertificates({ ...variables }).certificates;
        trustAlso([...system, ...authorities]);
      }
      return await request(address, init);
    },
    trust(certificates) {
      authorities = certificates;
    },
  };
}
