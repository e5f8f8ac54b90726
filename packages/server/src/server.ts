import { randomBytes, randomUUID } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { LINK_PATH } from "@halligan/protocol/link";
import type { Logger } from "pino";
import type { FailedAuthentications } from "./auth/failures/failed-authentications.ts";
import { fetchJsonWithin } from "./auth/oidc/fetch-json.ts";
import { createOutsideIssuers, type OutsideIssuers } from "./auth/oidc/outside-issuers.ts";
import { checkInThreadPool } from "./auth/signatures/signature-check.ts";
import { deploymentTenant } from "./auth/tenant.ts";
import { issuers } from "./auth/tokens/access-token.ts";
import { acceptedAudiences } from "./auth/tokens/audiences.ts";
import { createTokenVerifier } from "./auth/tokens/token-verifier.ts";
import { blobLocationIdentity } from "./blobs/blob-location.ts";
import { openBlobStore } from "./blobs/open-blob-store.ts";
import { localBus } from "./bus/local-bus.ts";
import type { NatsBus } from "./bus/nats-bus.ts";
import type { NatsAddress } from "./bus/nats-options.ts";
import { sleep, systemClock } from "./clock.ts";
import { type Config, ConfigError } from "./config/config.ts";
import { readOidcIssuers } from "./config/oidc-issuers.ts";
import { BEAT_INTERVAL_MS, type NodeFacts } from "./domain/cluster/node-lease.ts";
import { connectionStates } from "./gateway/connection-states.ts";
import { Gateway } from "./gateway/gateway.ts";
import { WsGateway } from "./gateway/ws-gateway.ts";
import type { HttpContext } from "./http/api/context.ts";
import { LIST_TURN_LIMITS, ListTurns } from "./http/api/list-turns.ts";
import { OPERATIONS } from "./http/api/routes.ts";
import { parseTrustedProxies, type TrustedProxies } from "./http/edge/admission/client-address.ts";
import {
  createUnauthenticatedLimits,
  type UnauthenticatedLimits,
} from "./http/edge/admission/unauthenticated-limits.ts";
import { AnswerPlaces } from "./http/edge/response/answer-places.ts";
import { refuseUpgrade } from "./http/edge/response/refuse-upgrade.ts";
import { buildHttpApp } from "./http/edge/server/app.ts";
import { isStorageUnavailable } from "./http/storage-unavailable.ts";
import { createThrottle } from "./http/throttle.ts";
import { systemIds } from "./ids.ts";
import { createMetrics } from "./metrics/metrics.ts";
import { applyRetention } from "./service/actions/apply-retention.ts";
import { expireActions, type OverdueSince } from "./service/actions/expire-actions.ts";
import { tellingStore } from "./service/actions/tell-changes.ts";
import { isCallerBlocked } from "./service/administration/blocked-callers.ts";
import { forgetAllLinks } from "./service/agents/link-lifecycle.ts";
import { ensureTenant } from "./service/cluster/deployment-settings.ts";
import { NodeLease } from "./service/cluster/node-lease.ts";
import { readinessWarnings, unready } from "./service/cluster/readiness.ts";
import type { ServiceContext, ServiceLimits } from "./service/context.ts";
import { applicationStanding } from "./service/identity/application-standing.ts";
import { assertionReplay } from "./service/identity/claim-assertion.ts";
import { memoryCounter, storeCounter } from "./service/identity/count-request.ts";
import { recordFailedAuthentications } from "./service/identity/record-failed-authentications.ts";
import { removeUnusedLibraryContent } from "./service/library/remove-unused-library-content.ts";
import type { Measures } from "./service/measures.ts";
import { ResultSpace } from "./service/result-space.ts";
import { verifyLinkTicket } from "./service/results/receive-result.ts";
import { removeAbandonedUploads } from "./service/results/remove-abandoned-uploads.ts";
import { ensureAdministrator } from "./setup/administrator/first-administrator.ts";
import { loop } from "./setup/background-job.ts";
import { ServedCertificate } from "./setup/certificates/served-certificate.ts";
import { Disks } from "./setup/disks.ts";
import type { Engines } from "./setup/engines.ts";
import { type Keys, keyFingerprints, loadKeys } from "./setup/keys/keys.ts";
import { numberOrderKeys } from "./setup/keys/order-key-set.ts";
import { refuseOpenModes } from "./setup/open-modes.ts";
import { openStore } from "./setup/open-store.ts";
import { lockFolder } from "./store/sqlite/folder-lock.ts";
import { VERSION } from "./version.ts";

/** A running server. Disposing it drains: new work is refused, what is under way is finished and written. */
export interface Server extends AsyncDisposable {
  readonly publicUrl: string;
  readonly tenant: string;
  /** The file with the first administrator's credentials, when this start made it. */
  readonly newCredentialsFile: string | null;
  /** Reads again what may change while it runs: the certificate and its key. Logs what came of it. */
  reload(): Promise<void>;
}

/** Builds everything and starts it; `signal` ends a start that waits for another node. The only file that knows every part by name. */
export async function startServer(config: Config, engines: Engines, log: Logger, signal: AbortSignal): Promise<Server> {
  await using started = new AsyncDisposableStack();
  // What only reads comes first: a mistake in it leaves nothing behind.
  await refuseOpenModes(config);
  const certificate = config.tls && (await ServedCertificate.open(config.tls, log, systemClock.nowMs));
  const forwarding = trustedProxies(config);
  const oidcIssuers = await readOidcIssuers(config.oidcIssuersFile);
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  started.use(lockFolder(config.dataDir));
  const loadedKeys = await loadKeys({ folder: config.keysDir, makes: config.makesKeys });
  const { store, databaseNowMs, runningLists } = await openStore(config, engines);
  started.defer(() => store.close());
  const blobs = started.use(
    await openBlobStore(engines.blobs.location, engines.blobs.credentials, {
      random: randomBytes,
      nowMs: Date.now,
      reserveBytes: config.numbers.diskReserveBytes,
    }),
  );
  const { resultLimitBytes } = config.numbers;
  if (blobs.maxResultBytes !== undefined && blobs.maxResultBytes < resultLimitBytes) {
    throw new ConfigError(
      `HALLIGAN_RESULT_LIMIT_BYTES is ${resultLimitBytes}, and the blob store takes results of at most ${blobs.maxResultBytes} bytes`,
    );
  }
  const numbered = { folder: config.keysDir, accepted: loadedKeys.order.accepted, recovery: loadedKeys.recoveryFile };
  const keys: Keys = { ...loadedKeys, ...(await numberOrderKeys(store, numbered, systemClock.nowMs())) };
  const tenant = await ensureTenant(store, randomUUID);
  const metrics = createMetrics();
  const nats = engines.bus && (await openNats(engines.bus, tenant, log, metrics.measures));
  if (nats) started.use(nats);
  const bus = nats ?? localBus();
  const node = { id: randomUUID() };
  const service: ServiceContext = {
    store: tellingStore(store, bus),
    blobs,
    bus,
    clock: systemClock,
    ids: systemIds(systemClock.nowMs),
    limits: serviceLimits(config),
    policy: config.policy,
    keys,
    checkSignature: checkInThreadPool,
    publicUrl: config.publicUrl,
    resultLinks: config.resultLinks,
    measures: metrics.measures,
    resultSpace: new ResultSpace(systemClock.monotonicMs),
    node,
    log,
  };
  const gateway = new Gateway(service, {
    pingIntervalMs: config.numbers.linkPingIntervalMs,
    maxLinks: config.numbers.maxLinks,
    maxUnauthenticatedLinks: config.numbers.maxUnauthenticatedLinks,
    maxUnauthenticatedLinksPerAddress: config.numbers.maxUnauthenticatedLinksPerAddress,
    linkAttemptsPerAddressPerMinute: config.numbers.linkAttemptsPerAddressPerMinute,
    handshakesPerMachinePerMinute: config.numbers.handshakesPerMachinePerMinute,
  });
  const lease =
    databaseNowMs && (await joinNodes(service, node, nodeFacts(config, engines, keys), gateway, databaseNowMs, signal));
  if (lease) started.defer(() => lease.leave());
  else await forgetAllLinks(service);
  const loops = startLoops(service, gateway, lease, certificate, config);
  started.use(loops);

  const sockets = new WsGateway(gateway, {
    clock: systemClock,
    refuse: refuseUpgrade,
    framesPerSecond: config.numbers.linkFramesPerSecond,
    isAddressShared: forwarding.isAddressShared,
  });
  const outside = started.use(
    createOutsideIssuers(oidcIssuers, Object.values(issuers(service.publicUrl, tenant)), {
      fetchJson: fetchJsonWithin(),
      clock: systemClock,
      log,
    }),
  );
  const disks = new Disks({
    databaseFolder: engines.database ? null : config.dataDir,
    resultsFolder: engines.blobs.location.kind === "folder" ? engines.blobs.location.folder : null,
    reserveBytes: config.numbers.diskReserveBytes,
  });
  let isStopping = false;
  const health: HttpContext["health"] = {
    readiness: async () => {
      const disk = await disks.state();
      return {
        missing: unready({ isStopping, lease, bus: nats, disk }),
        warnings: readinessWarnings({ certificate: certificate?.warnings() ?? [], disk }),
      };
    },
    metrics: async () =>
      metrics.text({
        store,
        resultSpace: service.resultSpace,
        nowMs: systemClock.nowMs,
        connections: () => connectionStates(gateway, sockets),
        busIsConnected: nats && (() => nats.isConnected),
        clockOffsetMs: lease && (() => lease.clockOffsetMs),
        certificate,
        disk: await disks.state(),
      }),
    metricsContentType: metrics.contentType,
    metricsToken: engines.metricsToken,
    isBehindProxy: config.tlsEndsAtProxy,
  };
  const unauthenticated = createUnauthenticatedLimits(config.numbers, forwarding, {
    ...systemClock,
    random: randomBytes,
    log,
  });
  started.use(startSummaries(service, unauthenticated));
  const listTurns = new ListTurns({ ...LIST_TURN_LIMITS, running: runningLists });
  const context: HttpContext = {
    ...httpContext(service, keys, tenant, config, outside, health, unauthenticated.authentications),
    listTurns,
  };
  const counter = lease
    ? storeCounter(store, () => systemClock.nowMs() + lease.clockOffsetMs)
    : memoryCounter(systemClock.monotonicMs);
  const app = buildHttpApp({
    operations: OPERATIONS,
    context,
    isUnavailable: isStorageUnavailable,
    verifyToken: (token) => context.tokens.verify(token, service.clock.nowMs()),
    verifyTicket: (text) => verifyLinkTicket(service, text),
    throttle: createThrottle(config.numbers, counter),
    addresses: unauthenticated.addresses,
    proxies: unauthenticated.proxies,
    unauthenticatedLog: unauthenticated.log,
    log,
    onAnswered: metrics.requestAnswered,
    limits: { jsonBytes: config.numbers.jsonBodyLimitBytes, closeGraceMs: config.numbers.drainTimeoutMs },
    upgrades: { [LINK_PATH]: (request, socket, head, address) => sockets.upgrade(request, socket, head, address) },
    ...(certificate && {
      tls: { ...certificate.current, onChange: (apply) => certificate.onChange(apply) },
    }),
  });
  started.defer(() => app.close());
  started.defer(() => context.eventStreams.close());
  // Runs first when it stops: devices are told to come back, and what they reported is written, while HTTP drains.
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

async function openNats(address: NatsAddress, tenant: string, log: Logger, measures: Measures): Promise<NatsBus> {
  const { natsBus } = await import("./bus/nats-bus.ts");
  return natsBus({ ...address, deployment: tenant, log, onMalformed: () => measures.busMessageDropped("malformed") });
}

function trustedProxies({ trustProxy, tlsEndsAtProxy }: Config): { proxies: TrustedProxies; isAddressShared: boolean } {
  const parsed = parseTrustedProxies(trustProxy);
  if ("proxies" in parsed) {
    return { proxies: parsed.proxies, isAddressShared: tlsEndsAtProxy && parsed.count === 0 };
  }
  throw new ConfigError(
    `HALLIGAN_TRUST_PROXY must be addresses or CIDR ranges with commas between them; ${parsed.wrong} is none`,
  );
}

/** How often failed authentications are recorded, and dropped log lines reported. */
const SUMMARY_INTERVAL_MS = 60_000;

/** Disposing writes what is left. */
function startSummaries(service: ServiceContext, { summaries, log: lines }: UnauthenticatedLimits): AsyncDisposable {
  const stop = new AbortController();
  const { clock, log } = service;
  const summarise = async () => {
    lines.report();
    await recordFailedAuthentications(service, summaries);
  };
  const running = loop("summarise failed authentications", SUMMARY_INTERVAL_MS, summarise, stop.signal, clock, log);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await summarise().catch((err: unknown) => log.error({ err }, "failed authentications not recorded"));
    },
  };
}

/** What other nodes compare with their own. */
function nodeFacts(config: Config, engines: Engines, keys: Keys): NodeFacts {
  return {
    version: VERSION,
    publicUrl: config.publicUrl,
    bus: engines.bus === null ? null : engines.bus.servers.toSorted().join(","),
    blobs: blobLocationIdentity(engines.blobs.location),
    keys: keyFingerprints(keys),
  };
}

function joinNodes(
  service: ServiceContext,
  node: { id: string },
  facts: NodeFacts,
  gateway: Gateway,
  databaseNowMs: () => Promise<number>,
  signal: AbortSignal,
): Promise<NodeLease> {
  const wait = async (delayMs: number) => {
    await sleep(systemClock, delayMs, signal);
    signal.throwIfAborted();
  };
  return NodeLease.join({ service, facts, node, closeLinks: () => gateway.closeLinks(), wait, databaseNowMs });
}

function serviceLimits({ numbers }: Config): ServiceLimits {
  return {
    queueTimeoutMs: numbers.queueTimeoutMs,
    runningSessions: numbers.runningSessions,
    sessionRetryAfterMs: numbers.sessionRetryAfterMs,
    sessionPlaceGraceMs: numbers.sessionPlaceGraceMs,
    lostMachineTimeoutMs: numbers.lostMachineTimeoutMs,
    orderAcceptanceMs: numbers.orderAcceptanceMs,
    actionGraceMs: numbers.actionGraceMs,
    resultLinkLifetimeMs: numbers.resultLinkLifetimeMs,
    libraryUploadLimitBytes: numbers.libraryUploadLimitBytes,
    libraryRetentionMs: numbers.libraryRetentionMs,
    stagedContentLifetimeMs: numbers.stagedContentLifetimeMs,
    stagedContentLimitBytes: numbers.stagedContentLimitBytes,
    uploadLeftoverMs: numbers.uploadLeftoverMs,
    resultLimitBytes: numbers.resultLimitBytes,
    machineResultsLimitBytes: numbers.machineResultsLimitBytes,
    allResultsLimitBytes: numbers.allResultsLimitBytes,
    healthGraceMs: numbers.healthGraceMs,
    resultRetentionMs: numbers.resultRetentionMs,
    actionRetentionMs: numbers.actionRetentionMs,
    order: {
      scriptTimeoutMs: numbers.scriptTimeoutMs,
      transferTimeoutMs: numbers.transferTimeoutMs,
      stallTimeoutMs: numbers.transferStallTimeoutMs,
      outputLimitBytes: numbers.scriptOutputLimitBytes,
    },
  };
}

function httpContext(
  service: ServiceContext,
  keys: Keys,
  tenant: string,
  config: Config,
  outside: OutsideIssuers,
  health: HttpContext["health"],
  authentications: FailedAuthentications,
): Omit<HttpContext, "listTurns"> {
  const audiences = acceptedAudiences(service.publicUrl);
  const { v1, v2 } = issuers(service.publicUrl, tenant);
  return {
    ...service,
    tenant: deploymentTenant(tenant, service.publicUrl, config.tenantNames),
    version: VERSION,
    tokenKeys: keys.accessToken,
    health,
    assertionReplay: assertionReplay(service.store),
    authentications,
    audiences,
    libraryApiUploadLimitBytes: config.numbers.libraryApiUploadLimitBytes,
    eventStreams: new AnswerPlaces(config.numbers.maxEventStreams, config.numbers.maxCallerEventStreams),
    downloads: new AnswerPlaces(config.numbers.maxDownloads, config.numbers.maxCallerDownloads),
    rereadIntervalMs: config.numbers.rereadIntervalMs,
    tokens: createTokenVerifier({
      keys: keys.accessToken.accepted,
      issuers: [v1, v2],
      audiences,
      tenant,
      outside,
      isBlocked: (callerId) => isCallerBlocked(service, callerId),
      standingOf: (clientId) => applicationStanding(service, clientId),
    }),
  };
}

/** Retention counts in days; a batch every so often keeps up with what comes. */
const RETENTION_INTERVAL_MS = 60_000;
/** The space of a cancelled upload is free again after this long, beyond the time that its output is taken. */
const ABANDONED_INTERVAL_MS = 10_000;

/** The clock's own work. Disposing waits for the runs under way. What all nodes would do alike one of them does. */
function startLoops(
  service: ServiceContext,
  gateway: Gateway,
  lease: NodeLease | null,
  certificate: ServedCertificate | null,
  { numbers }: Config,
): AsyncDisposable {
  const stop = new AbortController();
  const { log, clock, blobs } = service;
  const overdue: OverdueSince = new Map();
  const start = (name: string, intervalMs: number, work: () => Promise<unknown>) =>
    loop(name, intervalMs, work, stop.signal, clock, log);
  const shared = (work: () => Promise<unknown>) => async () => {
    if (!lease || lease.isSweeper) await work();
  };
  const sweepPartials = () => blobs.sweepPartials(numbers.uploadLeftoverMs, clock.nowMs());
  const loops = [
    start(
      "expire actions",
      numbers.sweepIntervalMs,
      shared(() => expireActions(service, overdue)),
    ),
    start("reread store", numbers.rereadIntervalMs, () => gateway.rereadStore()),
    start(
      "apply retention",
      RETENTION_INTERVAL_MS,
      shared(() => applyRetention(service)),
    ),
    start(
      "remove unused library content",
      RETENTION_INTERVAL_MS,
      shared(() => removeUnusedLibraryContent(service)),
    ),
    start("sweep unfinished uploads", numbers.uploadLeftoverMs / 4, shared(sweepPartials)),
    start(
      "remove abandoned uploads",
      ABANDONED_INTERVAL_MS,
      shared(() => removeAbandonedUploads(service, numbers.uploadLeftoverMs)),
    ),
  ];
  if (certificate) {
    loops.push(start("reload certificate", numbers.tlsReloadIntervalMs, () => certificate.reload(false)));
  }
  if (lease) {
    loops.push(
      start("node lease", BEAT_INTERVAL_MS, () => lease.beat()),
      start(
        "dead nodes",
        BEAT_INTERVAL_MS,
        shared(() => lease.forgetTheDead()),
      ),
    );
  }
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(loops);
    },
  };
}
