import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { pino } from "pino";
import { FailedAuthentications } from "../../src/auth/failures/failed-authentications.ts";
import { createOutsideIssuers } from "../../src/auth/oidc/outside-issuers.ts";
import { checkLinkTicket } from "../../src/auth/signatures/link-ticket.ts";
import { deploymentTenant } from "../../src/auth/tenant.ts";
import { issuers } from "../../src/auth/tokens/access-token.ts";
import { acceptedAudiences } from "../../src/auth/tokens/audiences.ts";
import { createTokenVerifier } from "../../src/auth/tokens/token-verifier.ts";
import type { HttpContext } from "../../src/http/api/context.ts";
import { LIST_TURN_LIMITS, ListTurns } from "../../src/http/api/list-turns.ts";
import { OPERATIONS } from "../../src/http/api/routes.ts";
import type { Throttle } from "../../src/http/edge/http-request.ts";
import { LongResponseLimit } from "../../src/http/edge/response/long-response-limit.ts";
import { buildHttpApp } from "../../src/http/edge/server/app.ts";
import { isStorageUnavailable } from "../../src/http/storage-unavailable.ts";
import { publishingStore } from "../../src/service/actions/publish-changes.ts";
import { applicationStanding } from "../../src/service/identity/application-standing.ts";
import { assertionReplay } from "../../src/service/identity/claim-assertion.ts";
import { issueToken } from "../../src/service/identity/issue-token.ts";
import { isCurrentTicket } from "../../src/service/results/receive-result.ts";
import { loadKeys } from "../../src/setup/keys/keys.ts";
import type { Store } from "../../src/store/store.ts";
import { AUDIENCE, ISSUER, NOW, newKey, TRUSTED } from "../unit/auth/outside-fixture.ts";
import { type TestServices, testServices } from "./test-services.ts";

const TENANT = "11111111-1111-4111-8111-111111111111";

export interface HttpWorld extends AsyncDisposable {
  readonly services: TestServices;
  readonly context: HttpContext;
  readonly base: string;
  /** Signs tokens of the outside issuer that the server trusts. */
  readonly issuerKey: ReturnType<typeof newKey>;
  /** An access token of an application of this server, from the token endpoint's use case. */
  signIn(clientId: string, clientSecret: string): Promise<string>;
}

/**
 * High, because limits of failures have separate tests and the matrix sends hundreds of wrong
 * credentials.
 */
const UNLIMITED_FAILURES = {
  failedSignInsPerMinute: 1e6,
  failedSignInsPerAddressPerMinute: 1e6,
  failedSignInsPerAccountPerMinute: 1e6,
};

/**
 * The whole route table on a real port and a real store, in this process, with a clock that tests
 * set.
 */
export async function openHttpWorld(
  on: {
    store?: Store;
    throttle?: Throttle;
    eventStreams?: LongResponseLimit;
    waitingRequests?: LongResponseLimit;
    downloads?: LongResponseLimit;
    inactivityMs?: number;
  } = {},
): Promise<HttpWorld> {
  await using opened = new AsyncDisposableStack();
  const services = opened.use(await testServices({}, on));
  services.time.nowMs = NOW;
  const service = services.context;
  const keys = await loadKeys({ folder: join(services.folder, "keys"), makes: false });
  const issuerKey = newKey("ES256", "e1");
  const outside = createOutsideIssuers([{ ...TRUSTED, audiences: [AUDIENCE] }], [], {
    clock: { monotonicMs: () => 0 },
    log: pino({ level: "silent" }),
    fetchJson: async (url) =>
      url.href.endsWith("/openid-configuration")
        ? { issuer: ISSUER, jwks_uri: `${ISSUER}/keys` }
        : { keys: [issuerKey.jwk] },
  });
  opened.use(outside);
  const audiences = [...acceptedAudiences(service.publicUrl), AUDIENCE];
  const { v1, v2 } = issuers(service.publicUrl, TENANT);
  const tokens = createTokenVerifier({
    keys: keys.accessToken.accepted,
    issuers: [v1, v2],
    audiences,
    tenant: TENANT,
    outside,
    isBlocked: async (id) => (await service.store.read((tx) => tx.blockedCallers.byId(id))) !== undefined,
    standingOf: (clientId) => applicationStanding(service, clientId),
  });
  const rates = { monotonicMs: () => 0, random: randomBytes, summaries: { add: () => undefined } };
  const authentications = new FailedAuthentications(UNLIMITED_FAILURES, rates);
  const tenant = deploymentTenant(TENANT, service.publicUrl, []);
  const context: HttpContext = {
    ...service,
    store: publishingStore(service.store, service.bus),
    tenant,
    version: "test",
    tokenKeys: keys.accessToken,
    tokens,
    authentications,
    assertionReplay: assertionReplay(service.store),
    audiences,
    libraryApiUploadLimitBytes: 1_000_000,
    health: {
      readiness: async () => ({ missing: [], warnings: [] }),
      metrics: async () => "",
      metricsContentType: "text/plain",
      metricsToken: "metrics-token",
      isBehindProxy: true,
    },
    eventStreams: on.eventStreams ?? new LongResponseLimit(10),
    waitingRequests: on.waitingRequests ?? new LongResponseLimit(10),
    maxActionWaitMs: 50_000,
    throttle: on.throttle ?? (async () => null),
    outputReads: new LongResponseLimit(10),
    downloads: on.downloads ?? new LongResponseLimit(10),
    listTurns: new ListTurns({ ...LIST_TURN_LIMITS, running: 3 }),
    rereadIntervalMs: 10,
  };
  const app = buildHttpApp({
    operations: OPERATIONS,
    context,
    log: pino({ level: "silent" }),
    verifyToken: (token) => tokens.verify(token, service.clock.nowMs()),
    readTicket: (text) => checkLinkTicket(text, service.keys.linkTicket.accepted),
    isCurrentTicket: (ticket) => isCurrentTicket(service, ticket),
    isUnavailable: isStorageUnavailable,
    throttle: on.throttle ?? (async () => null),
    addresses: { countAnonymous: () => null, countForged: () => null },
    ...(on.inactivityMs !== undefined && { limits: { inactivityMs: on.inactivityMs } }),
  });
  await app.listen({ host: "127.0.0.1", port: 0 });
  const address = app.server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const base = `http://127.0.0.1:${address.port}`;
  opened.defer(() => app.close());
  opened.defer(() => context.eventStreams.close());
  opened.defer(() => context.waitingRequests.close());
  const owned = opened.move();
  const endpoint = { tenant, key: keys.accessToken.signing, replay: context.assertionReplay };
  return {
    services,
    context,
    base,
    issuerKey,
    async signIn(clientId, clientSecret) {
      const proof = { kind: "secret" as const, clientSecret };
      const request = { grant: "client_credentials" as const, clientId, audience: AUDIENCE, proof };
      const issued = await issueToken(service, endpoint, request, "v2");
      if (!issued.ok) throw new Error(issued.error.error_description);
      return issued.value.accessToken;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
