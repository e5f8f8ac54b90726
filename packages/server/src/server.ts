import { backgroundClock } from "@halligan/protocol/time";
import type { Logger } from "pino";
import { fetchJsonWithin } from "./auth/oidc/fetch-json.ts";
import { createOutsideIssuers } from "./auth/oidc/outside-issuers.ts";
import { issuers } from "./auth/tokens/access-token.ts";
import type { Config } from "./config/config.ts";
import { readOidcIssuers } from "./config/oidc-issuers.ts";
import { createMetrics } from "./metrics/metrics.ts";
import { ensureAdministrator } from "./setup/administrator/first-administrator.ts";
import type { BackendSettings } from "./setup/backend-settings.ts";
import { backgroundJobs, startJobs } from "./setup/background-jobs.ts";
import { ServedCertificate } from "./setup/certificates/served-certificate.ts";
import { createGateway, createSockets, joinNodes } from "./setup/composition/gateway.ts";
import { createHealth } from "./setup/composition/health.ts";
import { createHttpApp } from "./setup/composition/http-app.ts";
import { httpContext } from "./setup/composition/http-context.ts";
import { openBackends } from "./setup/composition/open-backends.ts";
import { serviceContext } from "./setup/composition/service-context.ts";
import { readForwarding, startUnauthenticatedLimits } from "./setup/composition/unauthenticated.ts";
import { refuseOpenModes } from "./setup/open-modes.ts";

/**
 * A running server. Disposing it drains: new work is refused, what is under way is finished and
 * written.
 */
export interface Server extends AsyncDisposable {
  readonly publicUrl: string;
  readonly tenant: string;
  /** The file with the first administrator's credentials, when this start made it. */
  readonly newCredentialsFile: string | null;
  /**
   * Reads again what may change while it runs: the certificate and its key. Logs what came of it.
   */
  reload(): Promise<void>;
}

/**
 * Puts the server together and starts it; `signal` ends a start that waits for another node. Parts
 * stop in the reverse order of their start.
 */
export async function startServer(
  config: Config,
  backendSettings: BackendSettings,
  log: Logger,
  signal: AbortSignal,
): Promise<Server> {
  await using started = new AsyncDisposableStack();
  // What only reads comes first: a mistake in it leaves nothing behind.
  await refuseOpenModes(config);
  const certificate = config.tls && (await ServedCertificate.open(config.tls, log, backgroundClock.nowMs));
  const forwarding = readForwarding(config);
  const oidcIssuers = await readOidcIssuers(config.oidcIssuersFile);
  const metrics = createMetrics();
  const ports = { log, measures: metrics.measures };
  const backends = await openBackends(config, backendSettings, ports, started);
  const { tenant } = backends;
  const service = serviceContext(config, backends, ports);
  const gateway = createGateway(config, service);
  const lease = await joinNodes({ config, backendSettings, backends, service, gateway }, signal);
  if (lease) started.defer(() => lease.leave());
  const jobs = backgroundJobs({ service, gateway, lease, certificate, intervals: config.numbers });
  started.use(startJobs(jobs, service));

  const sockets = createSockets(config, gateway, forwarding.isAddressShared);
  const outside = started.use(
    createOutsideIssuers(oidcIssuers, Object.values(issuers(service.publicUrl, tenant)), {
      fetchJson: fetchJsonWithin(),
      clock: backgroundClock,
      log,
    }),
  );
  let isStopping = false;
  const observed = { config, backendSettings, backends, service, gateway, sockets, lease, certificate, metrics };
  const health = createHealth({ ...observed, isStopping: () => isStopping });
  const unauthenticated = startUnauthenticatedLimits(config, service, forwarding, started);
  const { authentications } = unauthenticated;
  const context = httpContext(config, { service, backends, lease, outside, health, authentications });
  const app = createHttpApp(config, { context, sockets, unauthenticated, certificate, metrics });
  started.defer(() => app.close());
  started.defer(() => context.eventStreams.close());
  started.defer(() => context.waitingRequests.close());
  started.defer(() => context.downloads.close());
  // Stops first: agents get the order to connect again, and their reports are written, while HTTP
  // drains.
  started.defer(() => sockets.close());
  started.defer(() => {
    isStopping = true;
  });
  await app.listen(config.listen);
  // Last: a start that fails, as over a port in use, makes no administrator.
  const { dataDir, publicUrl } = config;
  const newCredentialsFile = await ensureAdministrator(service, { dataDir, tenant, publicUrl });

  const running = started.move();
  return {
    publicUrl,
    tenant,
    newCredentialsFile,
    reload: async () => {
      if (certificate) await certificate.reload(true);
      else log.info("nothing to reload: this process does not end TLS; other settings are read at the start");
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
