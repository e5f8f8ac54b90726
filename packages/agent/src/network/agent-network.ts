/**
 * The agent's network access to its server: proxy from the environment, trust in the system's store
 * and in the stored authority.
 */
import { createNetwork, type Network } from "@halligan/protocol/network";
import { LIMITS } from "../limits.ts";

export function agentNetwork(env: NodeJS.ProcessEnv): Network {
  return createNetwork({
    env,
    proxyTimeoutMs: LIMITS.proxyTimeoutMs,
    maxSockets: LIMITS.maxServerConnections,
  });
}
