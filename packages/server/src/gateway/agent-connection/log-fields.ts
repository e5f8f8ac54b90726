import type { ConnectionIdentity } from "../../service/agents/connection/connection-identity.ts";

/**
 * The fields of a log line about a connection. Operators search for the field `linkEpoch`, so it
 * keeps the name that it had before the epoch was called connection epoch.
 */
export function logFields(remoteAddress: string, identity: ConnectionIdentity | null): object {
  if (!identity) return { remoteAddress };
  return { remoteAddress, machineId: identity.machineId, linkEpoch: identity.connectionEpoch };
}
