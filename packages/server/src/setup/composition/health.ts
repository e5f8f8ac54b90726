import type { Config } from "../../config/config.ts";
import { connectionStates } from "../../gateway/connection-states.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import type { WsGateway } from "../../gateway/ws-gateway.ts";
import type { HttpContext } from "../../http/api/context.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import type { NodeLease } from "../../service/cluster/node-lease.ts";
import { readinessWarnings, unready } from "../../service/cluster/readiness.ts";
import type { ServiceContext } from "../../service/context.ts";
import type { BackendSettings } from "../backend-settings.ts";
import type { ServedCertificate } from "../certificates/served-certificate.ts";
import { Disks } from "../disks.ts";
import type { Backends } from "./open-backends.ts";

export interface ObservedParts {
  readonly config: Config;
  readonly backendSettings: BackendSettings;
  readonly backends: Backends;
  readonly service: ServiceContext;
  readonly gateway: Gateway;
  readonly sockets: WsGateway;
  readonly lease: NodeLease | null;
  readonly certificate: ServedCertificate | null;
  readonly metrics: Metrics;
  readonly isStopping: () => boolean;
}

/** Readiness and metrics: what the probes of an operator ask of the running parts. */
export function createHealth(parts: ObservedParts): HttpContext["health"] {
  const { config, backendSettings, backends, service, lease, certificate, metrics } = parts;
  const { store, nats, databaseRoundTrips } = backends;
  const { location } = backendSettings.blobs;
  const disks = new Disks({
    databaseFolder: backendSettings.database ? null : config.dataDir,
    resultsFolder: location.kind === "folder" ? location.folder : null,
    reserveBytes: config.numbers.diskReserveBytes,
  });
  return {
    readiness: async () => {
      const disk = await disks.state();
      return {
        missing: unready({ isStopping: parts.isStopping(), lease, bus: nats, disk }),
        warnings: readinessWarnings({ certificate: certificate?.warnings() ?? [], disk }),
      };
    },
    metrics: async () =>
      metrics.text({
        store,
        resultSpace: service.resultSpace,
        nowMs: service.clock.nowMs,
        connections: () => connectionStates(parts.gateway, parts.sockets),
        busIsConnected: nats && (() => nats.isConnected),
        clockOffsetMs: lease && (() => lease.clockOffsetMs),
        databaseRoundTrips,
        certificate,
        disk: await disks.state(),
      }),
    metricsContentType: metrics.contentType,
    metricsToken: backendSettings.metricsToken,
    isBehindProxy: config.tlsEndsAtProxy,
  };
}
