/** The agent's way to its server: proxy from the environment, trust in the system's store and in the kept authority. */
import { createNetwork, type Network } from "@halligan/protocol/network";
import { LIMITS } from "../limits.ts";

export function agentNetwork(env: NodeJS.ProcessEnv): Network {
  return createNetwork({
    env,
    proxyTimeoutMs: LIMITS.proxyTimeoutMs,
    maxSockets: LIMITS.maxServerConnections,
  });
}
