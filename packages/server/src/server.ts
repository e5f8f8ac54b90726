import { randomBytes, randomUUID } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { LINK_PATH } from "@halligan/protocol/link";
import type { Logger } from "pino";
import { issuers } from "./auth/access-token.ts";
import { acceptedAudiences } from "./auth/audiences.ts";
import { fetchJsonWithin } from "./auth/oidc/fetch-json.ts";
import { createOutsideIssuers, type OutsideIssuers } from "./auth/oidc/outside-issuers.ts";
import { ReplayGuard } from "./auth/replay-guard.ts";
import { createTokenVerifier } from "./auth/token-verifier.ts";
import type { BlobStore } from "./blobs/blob-store.ts";
import { openDiskBlobStore } from "./blobs/disk-blob-store.ts";
import { localBus } from "./bus/local-bus.ts";
import { systemClock } from "./clock.ts";
import { type Config, ConfigError } from "./config/config.ts";
import { readOidcIssuers } from "./config/oidc-issuers.ts";
import { Gateway } from "./gateway/gateway.ts";
import { WsGateway } from "./gateway/ws-gateway.ts";
import { buildHttpApp } from "./http/app.ts";
import type { HttpContext } from "./http/context.ts";
import { OPERATIONS } from "./http/operations.ts";
import { answerOnSocket } from "./http/raw-answers.ts";
import { createThrottle } from "./http/throttle.ts";
import { loop } from "./loops/loop.ts";
import { applyRetention } from "./service/apply-retention.ts";
import type { ServiceContext, ServiceLimits } from "./service/context.ts";
import { expireActions, type OverdueSince } from "./service/expire-actions.ts";
import { verifyLinkTicket } from "./service/receive-result.ts";
import { ensureAdministrator } from "./setup/first-administrator.ts";
import { type Keys, loadKeys } from "./setup/keys.ts";
import { lockFolder } from "./store/sqlite/folder-lock.ts";
import { SqliteStore } from "./store/sqlite/sqlite-store.ts";
import { VERSION } from "./version.ts";

/** A running server. Disposing it drains: new work is refused, what is under way is finished and written. */
export interface Server extends AsyncDisposable {
  readonly publicUrl: string;
  readonly tenant: string;
  /** The file with the first administrator's credentials, when this start made it. */
  readonly newCredentialsFile: string | null;
}

/** Builds everything and starts it. The only file that knows every part by name. */
export async function startServer(config: Config, log: Logger): Promise<Server> {
  await using started = new AsyncDisposableStack();
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  started.use(lockFolder(config.dataDir));
  const keys = await loadKeys(config.dataDir);
  const store = await SqliteStore.open(join(config.dataDir, "halligan.db"));
  started.defer(() => store.close());
  const blobs = await openDiskBlobStore({ folder: join(config.dataDir, "blobs"), random: randomBytes });
  const tenant = await store.write((tx) => tx.meta.getOrSet("tenant", randomUUID));
  const service: ServiceContext = {
    store,
    blobs,
    bus: localBus(),
    clock: systemClock,
    ids: { guid: randomUUID, random: randomBytes },
    limits: serviceLimits(config),
    keys,
    publicUrl: config.publicUrl,
    log,
  };
  const newCredentialsFile = await ensureAdministrator(service, config.dataDir, tenant);
  const gateway = await Gateway.open(service, {
    pingIntervalMs: config.numbers.linkPingIntervalMs,
    maxLinks: config.numbers.maxLinks,
  });
  started.use(startLoops(service, gateway, blobs, config));

  const sockets = new WsGateway(gateway, (socket, reason) =>
    answerOnSocket(socket, randomUUID(), 403, "Forbidden", reason),
  );
  const outside = started.use(
    createOutsideIssuers(
      await readOidcIssuers(config.oidcIssuersFile),
      Object.values(issuers(service.publicUrl, tenant)),
      { fetchJson: fetchJsonWithin(), clock: systemClock, log },
    ),
  );
  const context = httpContext(service, keys, tenant, config, outside);
  const tls = await readTls(config);
  const app = buildHttpApp({
    operations: OPERATIONS,
    context,
    verifyToken: (token) => context.tokens.verify(token, service.clock.nowMs()),
    verifyTicket: (text) => verifyLinkTicket(service, text),
    throttle: createThrottle(config.numbers, systemClock.monotonicMs),
    log,
    limits: { jsonBytes: config.numbers.jsonBodyLimitBytes, closeGraceMs: config.numbers.drainTimeoutMs },
    upgrades: { [LINK_PATH]: (request, socket, head) => sockets.upgrade(request, socket, head) },
    ...(tls && { tls }),
  });
  started.defer(() => app.close());
  // Runs first when it stops: devices are told to come back, and what they reported is written, while HTTP drains.
  started.defer(() => sockets.close());
  await app.listen(config.listen);

  const running = started.move();
  return {
    publicUrl: config.publicUrl,
    tenant,
    newCredentialsFile,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function serviceLimits({ numbers }: Config): ServiceLimits {
  return {
    queueTimeoutMs: numbers.queueTimeoutMs,
    runningSessions: numbers.runningSessions,
    sessionRetryAfterMs: numbers.sessionRetryAfterMs,
    sessionPlaceGraceMs: numbers.sessionPlaceGraceMs,
    lostMachineTimeoutMs: numbers.lostMachineTimeoutMs,
    orderAcceptanceMs: numbers.orderAcceptanceMs,
    resultLinkLifetimeMs: numbers.resultLinkLifetimeMs,
    libraryUploadLimitBytes: numbers.libraryUploadLimitBytes,
    resultLimitBytes: numbers.resultLimitBytes,
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
): HttpContext {
  const audiences = acceptedAudiences(service.publicUrl);
  const { v1, v2 } = issuers(service.publicUrl, tenant);
  return {
    ...service,
    tenant,
    version: VERSION,
    tokenKey: keys.accessToken,
    assertionReplay: new ReplayGuard(),
    audiences,
    libraryApiUploadLimitBytes: config.numbers.libraryApiUploadLimitBytes,
    tokens: createTokenVerifier({
      keys: [keys.accessToken],
      issuers: [v1, v2],
      audiences,
      tenant,
      outside,
      isActive: async (clientId) =>
        (await service.store.read((tx) => tx.applications.byClientId(clientId))) !== undefined,
    }),
  };
}

/** Retention counts in days; a batch every so often keeps up with what comes. */
const RETENTION_INTERVAL_MS = 60_000;

/** The clock's own work. Disposing waits for the runs under way. */
function startLoops(service: ServiceContext, gateway: Gateway, blobs: BlobStore, { numbers }: Config): AsyncDisposable {
  const stop = new AbortController();
  const { log, clock } = service;
  const overdue: OverdueSince = new Map();
  const sweepPartials = () => blobs.sweepPartials(numbers.uploadLeftoverMs, clock.nowMs());
  const loops = [
    loop("expire actions", numbers.sweepIntervalMs, () => expireActions(service, overdue), stop.signal, clock, log),
    loop("reread store", numbers.rereadIntervalMs, () => gateway.rereadStore(), stop.signal, clock, log),
    loop("apply retention", RETENTION_INTERVAL_MS, () => applyRetention(service), stop.signal, clock, log),
    loop("sweep unfinished uploads", numbers.uploadLeftoverMs / 4, sweepPartials, stop.signal, clock, log),
  ];
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(loops);
    },
  };
}

async function readTls({ tls }: Config): Promise<{ cert: string; key: string } | null> {
  if (!tls) return null;
  try {
    return { cert: await readFile(tls.certFile, "utf8"), key: await readFile(tls.keyFile, "utf8") };
  } catch (cause) {
    throw new ConfigError(
      `the certificate or key could not be read: ${cause instanceof Error ? cause.message : cause}`,
      {
        cause,
      },
    );
  }
}
