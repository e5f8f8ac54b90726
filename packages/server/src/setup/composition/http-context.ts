import { backgroundClock } from "@halligan/protocol/time";
import { VERSION } from "@halligan/protocol/version";
import type { FailedAuthentications } from "../../auth/failures/failed-authentications.ts";
import type { OutsideIssuers } from "../../auth/oidc/outside-issuers.ts";
import { deploymentTenant } from "../../auth/tenant.ts";
import { issuers } from "../../auth/tokens/access-token.ts";
import { acceptedAudiences } from "../../auth/tokens/audiences.ts";
import { createTokenVerifier } from "../../auth/tokens/token-verifier.ts";
import type { Config } from "../../config/config.ts";
import type { HttpContext } from "../../http/api/context.ts";
import { LIST_TURN_LIMITS, ListTurns } from "../../http/api/list-turns.ts";
import { LongResponseLimit } from "../../http/edge/response/long-response-limit.ts";
import { createThrottle } from "../../http/throttle.ts";
import { isCallerBlocked } from "../../service/administration/blocked-callers.ts";
import type { NodeLease } from "../../service/cluster/node-lease.ts";
import type { ServiceContext } from "../../service/context.ts";
import { applicationStanding } from "../../service/identity/application-standing.ts";
import { assertionReplay } from "../../service/identity/claim-assertion.ts";
import { memoryCounter, storeCounter } from "../../service/identity/count-request.ts";
import type { Backends } from "./open-backends.ts";

/**
 * A read of one byte may scan the whole transcript, some 10 ms of processor time for each MiB. With
 * sixteen of one caller, another one waited 4.6 s for a list.
 */
const OUTPUT_READS = { node: 8, account: 2 };

export interface HttpContextParts {
  readonly service: ServiceContext;
  readonly backends: Backends;
  readonly lease: NodeLease | null;
  readonly outside: OutsideIssuers;
  readonly health: HttpContext["health"];
  readonly authentications: FailedAuthentications;
}

/** The context of all operations. */
export function httpContext(config: Config, parts: HttpContextParts): HttpContext {
  const { service, backends, lease, outside, health, authentications } = parts;
  const { keys, tenant, runningLists } = backends;
  const { numbers } = config;
  const counter = lease
    ? storeCounter(backends.store, () => backgroundClock.nowMs() + lease.clockOffsetMs)
    : memoryCounter(backgroundClock.monotonicMs);
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
    libraryApiUploadLimitBytes: numbers.libraryApiUploadLimitBytes,
    eventStreams: new LongResponseLimit(numbers.maxEventStreams, numbers.maxCallerEventStreams),
    waitingRequests: new LongResponseLimit(numbers.maxWaitingRequests, numbers.maxCallerWaitingRequests),
    maxActionWaitMs: numbers.maxActionWaitMs,
    downloads: new LongResponseLimit(numbers.maxDownloads, numbers.maxCallerDownloads),
    outputReads: new LongResponseLimit(OUTPUT_READS.node, OUTPUT_READS.account),
    throttle: createThrottle(numbers, counter),
    rereadIntervalMs: numbers.rereadIntervalMs,
    listTurns: new ListTurns({ ...LIST_TURN_LIMITS, running: runningLists }),
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
