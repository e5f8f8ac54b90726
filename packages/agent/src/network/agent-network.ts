/**
 * The agent's network access to its server: proxy from the environment, trust in the system's store
 * and in the stored authority.
 */
import { createNetwork, type Network } from "@halligan/protocol/network";
import type { AgentSettings } from "../settings.ts";

export function agentNetwork(
  env: NodeJS.ProcessEnv,
  settings: Pick<AgentSettings, "proxyTimeoutMs" | "maxServerConnections">,
): Network {
  return createNetwork({
    env,
    proxyTimeoutMs: settings.proxyTimeoutMs,
    maxSockets: settings.maxServerConnections,
  });
}
