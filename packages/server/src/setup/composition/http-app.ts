import { LINK_PATH } from "@halligan/protocol/link";
import { checkLinkTicket } from "../../auth/signatures/link-ticket.ts";
import type { Config } from "../../config/config.ts";
import type { WsGateway } from "../../gateway/ws-gateway.ts";
import type { HttpContext } from "../../http/api/context.ts";
import { OPERATIONS } from "../../http/api/routes.ts";
import type { UnauthenticatedLimits } from "../../http/edge/admission/unauthenticated-limits.ts";
import { buildHttpApp } from "../../http/edge/server/app.ts";
import type { HttpApp } from "../../http/edge/server/http-app.ts";
import { isStorageUnavailable } from "../../http/storage-unavailable.ts";
import type { Metrics } from "../../metrics/metrics.ts";
import { isCurrentTicket } from "../../service/results/receive-result.ts";
import type { ServedCertificate } from "../certificates/served-certificate.ts";

export interface HttpAppParts {
  readonly context: HttpContext;
  readonly sockets: WsGateway;
  readonly unauthenticated: UnauthenticatedLimits;
  readonly certificate: ServedCertificate | null;
  readonly metrics: Metrics;
}

/** The HTTP API, not yet listening. */
export function createHttpApp({ numbers }: Config, parts: HttpAppParts): HttpApp {
  const { context, sockets, unauthenticated, certificate, metrics } = parts;
  return buildHttpApp({
    operations: OPERATIONS,
    context,
    isUnavailable: isStorageUnavailable,
    verifyToken: (token) => context.tokens.verify(token, context.clock.nowMs()),
    readTicket: (text) => checkLinkTicket(text, context.keys.linkTicket.accepted),
    isCurrentTicket: (ticket) => isCurrentTicket(context, ticket),
    throttle: context.throttle,
    addresses: unauthenticated.addresses,
    proxies: unauthenticated.proxies,
    unauthenticatedLog: unauthenticated.log,
    log: context.log,
    onResponseEnd: metrics.requestAnswered,
    limits: { jsonBytes: numbers.jsonBodyLimitBytes, closeGraceMs: numbers.drainTimeoutMs },
    upgrades: { [LINK_PATH]: (request, socket, head, address) => sockets.upgrade(request, socket, head, address) },
    ...(certificate && {
      tls: { ...certificate.current, onChange: (apply) => certificate.onChange(apply) },
    }),
  });
}
