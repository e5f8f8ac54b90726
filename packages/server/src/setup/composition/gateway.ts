import { backgroundClock, sleep } from "@halligan/protocol/time";
import { VERSION } from "@halligan/protocol/version";
import { blobLocationIdentity } from "../../blobs/blob-location.ts";
import type { Config } from "../../config/config.ts";
import type { NodeFacts } from "../../domain/cluster/node-lease.ts";
import { Gateway } from "../../gateway/gateway.ts";
import { WsGateway } from "../../gateway/ws-gateway.ts";
import { refuseUpgrade } from "../../http/edge/response/refuse-upgrade.ts";
import { reapAllConnections } from "../../service/agents/connection/record-disconnect.ts";
import { NodeLease } from "../../service/cluster/node-lease.ts";
import type { ServiceContext } from "../../service/context.ts";
import type { BackendSettings } from "../backend-settings.ts";
import { keyFingerprints } from "../keys/keys.ts";
import type { Backends } from "./open-backends.ts";

export function createGateway({ numbers }: Config, service: ServiceContext): Gateway {
  return new Gateway(service, {
    pingIntervalMs: numbers.linkPingIntervalMs,
    maxConnections: numbers.maxLinks,
    maxUnauthenticatedConnections: numbers.maxUnauthenticatedLinks,
    maxUnauthenticatedConnectionsPerAddress: numbers.maxUnauthenticatedLinksPerAddress,
    connectionAttemptsPerAddressPerMinute: numbers.linkAttemptsPerAddressPerMinute,
    handshakesPerMachinePerMinute: numbers.handshakesPerMachinePerMinute,
  });
}

/** The connections of agents over real sockets. */
export function createSockets({ numbers }: Config, gateway: Gateway, isAddressShared: boolean): WsGateway {
  return new WsGateway(gateway, {
    clock: backgroundClock,
    refuse: refuseUpgrade,
    framesPerSecond: numbers.linkFramesPerSecond,
    isAddressShared,
  });
}

export interface JoiningNode {
  readonly config: Config;
  readonly backendSettings: BackendSettings;
  readonly backends: Backends;
  readonly service: ServiceContext & { readonly node: { id: string } };
  readonly gateway: Gateway;
}

/**
 * The lease of this node among the others; null where the database is its own. `signal` ends the
 * wait for a node with other settings.
 */
export async function joinNodes(joining: JoiningNode, signal: AbortSignal): Promise<NodeLease | null> {
  const { config, backendSettings, backends, service, gateway } = joining;
  const { databaseNowMs, keys } = backends;
  if (!databaseNowMs) {
    await reapAllConnections(service);
    return null;
  }
  // The other nodes compare these with their own.
  const facts: NodeFacts = {
    version: VERSION,
    publicUrl: config.publicUrl,
    bus: backendSettings.bus === null ? null : backendSettings.bus.servers.toSorted().join(","),
    blobs: blobLocationIdentity(backendSettings.blobs.location),
    keys: keyFingerprints(keys),
  };
  const wait = (delayMs: number) => sleep(backgroundClock, delayMs, signal);
  const closeConnections = () => gateway.closeConnections();
  return NodeLease.join({ service, facts, node: service.node, closeConnections, wait, databaseNowMs });
}
