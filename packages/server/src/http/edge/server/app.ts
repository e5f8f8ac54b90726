import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "pino";
import type { LinkTicket } from "../../../auth/signatures/link-ticket.ts";
import { peerAddress } from "../../../network/peer-address.ts";
import { clientAddress, type TrustedProxies } from "../admission/client-address.ts";
import { HeldRefusals } from "../admission/held-refusals.ts";
import { MACHINE_REQUESTS, MachineRate, type MachineRequestRate } from "../admission/machine-rate.ts";
import { MachineRequests } from "../admission/machine-requests.ts";
import { RefusedBodies } from "../admission/refused-bodies.ts";
import type { Gate } from "../http-request.ts";
import { httpError } from "../http-response.ts";
import { DEFAULT_HTTP_LIMITS, type HttpLimits } from "../limits.ts";
import type { Operation } from "../operation.ts";
import { UnfinishedBodies } from "../unfinished-bodies.ts";
import { HttpApp } from "./http-app.ts";
import { createHttpServer, type TlsSource, type UpgradeHandler } from "./http-server.ts";
import type { RequestLine } from "./request-log.ts";
import { Router } from "./router.ts";
import { type LineLimits, type Source, serve } from "./serve.ts";

export interface HttpAppOptions<Ctx> extends Omit<Gate, "machines"> {
  readonly operations: readonly Operation<Ctx>[];
  /** Handed to every handler as it is. */
  readonly context: Ctx;
  readonly log: Logger;
  /** Which errors say that a backend is unavailable: they are answered with 503. */
  readonly isUnavailable: (error: unknown) => error is Error;
  /** Called for each response when it is over. */
  readonly onResponseEnd?: (line: RequestLine) => void;
  readonly limits?: Partial<HttpLimits>;
  readonly tls?: TlsSource;
  /** WebSocket ends by path, such as `/agent/v1/link`. Other paths answer 404. */
  readonly upgrades?: Readonly<Record<string, UpgradeHandler>>;
  /** GUIDs; a port for tests. */
  readonly newRequestId?: () => string;
  /** Default none. */
  readonly proxies?: TrustedProxies;
  /** Requests of the agent of one machine. Default {@link MACHINE_REQUESTS}. */
  readonly machineRate?: MachineRequestRate;
  /** Default: drops nothing. */
  readonly unauthenticatedLog?: LineLimits;
}

const NO_PROXIES: TrustedProxies = { has: () => false };

/** Also for a path that exists with another method: the contract knows no 405. */
const NOT_FOUND = httpError(404, "NotFound", "There is no such operation");
const BAD_TARGET = httpError(400, "BadRequest", "The request target is not well-formed");

/**
 * The HTTP edge: node:http under a router. Each request takes one path to its response
 * (`serve.ts`), so that every error has the contract's body.
 * docs/decisions/0005-own-edge-on-node-http.md.
 */
export function buildHttpApp<Ctx>(options: HttpAppOptions<Ctx>): HttpApp {
  const { operations, context, log, newRequestId = randomUUID } = options;
  checkOperations(operations);
  const router = new Router(operations);
  const limits = { ...DEFAULT_HTTP_LIMITS, ...options.limits };
  let isClosing = false;
  const proxies = options.proxies ?? NO_PROXIES;
  const held = new HeldRefusals(limits.refusalDelayMs);
  const refusedBodies = new RefusedBodies(limits.lingerMs, () => performance.now());
  const unauthenticatedLog = options.unauthenticatedLog ?? { admits: () => true, admitsOfMachine: () => true };
  const serving = {
    context,
    gate: {
      verifyToken: (token: string) => options.verifyToken(token),
      readTicket: (text: string) => options.readTicket(text),
      isCurrentTicket: (ticket: LinkTicket) => options.isCurrentTicket(ticket),
      throttle: options.throttle,
      addresses: options.addresses,
      machines: new MachineRate(options.machineRate ?? MACHINE_REQUESTS, () => performance.now()),
    },
    limits,
    log,
    held,
    refusedBodies,
    unfinishedBodies: new UnfinishedBodies({
      ownerBytes: Math.max(limits.ownerBodyBytes, 2 * limits.jsonBytes),
      addressBytes: limits.addressBodyBytes,
      totalBytes: Math.max(limits.allBodyBytes, 4 * limits.jsonBytes),
    }),
    machineRequests: new MachineRequests(),
    proxies,
    unauthenticatedLog,
    isUnavailable: options.isUnavailable,
    isClosing: () => isClosing,
    onResponseEnd: (line: RequestLine) => {
      options.onResponseEnd?.(line);
      if (isClosing) server.closeIdleConnections();
    },
  };
  const sourceOf = (raw: IncomingMessage): { source: Source<Ctx>; params: Readonly<Record<string, string>> } => {
    const route = router.find(raw.method ?? "", raw.url ?? "/");
    if (route.kind === "operation") return { source: route, params: route.params };
    return { source: { kind: "refusal", refusal: route.kind === "none" ? NOT_FOUND : BAD_TARGET }, params: {} };
  };
  const handle = (raw: IncomingMessage, rawResponse: ServerResponse) => {
    const { source, params } = sourceOf(raw);
    void serve({ id: newRequestId(), raw, rawResponse, params }, source, serving);
  };
  const server = createHttpServer(handle, {
    limits,
    tls: options.tls,
    upgrades: new Map(Object.entries(options.upgrades ?? {}).map(([path, upgrade]) => [path.toLowerCase(), upgrade])),
    newRequestId,
    addressOf: ({ socket, headers }) => clientAddress(socket.remoteAddress, headers["x-forwarded-for"], proxies),
    onMalformed: (requestId, code, peer) => {
      const remoteAddress = peerAddress(peer);
      if (unauthenticatedLog.admits(remoteAddress)) log.info({ requestId, code, remoteAddress }, "malformed request");
    },
  });
  return new HttpApp(server, {
    begin: () => {
      isClosing = true;
      held.close();
      refusedBodies.close();
    },
    graceMs: limits.closeGraceMs,
  });
}

/** Longest body that is read without authentication, in bytes. */
const MAX_ANONYMOUS_BODY_BYTES = 32 * 1024;

/**
 * Access is denied by default, and no unbounded body is read without authentication, also when a
 * table was not type checked.
 */
function checkOperations<Ctx>(operations: readonly Operation<Ctx>[]): void {
  for (const { name, access, body } of operations) {
    const isShort = body.kind === "none" || (body.limitBytes ?? Infinity) <= MAX_ANONYMOUS_BODY_BYTES;
    if (access?.kind === "anonymous" && !isShort) {
      throw new Error(`operation ${name} reads a long body without authentication`);
    }
    const isKnown = access?.kind === "anonymous" || access?.kind === "ticket" || access?.kind === "permissions";
    if (!isKnown || (access.kind === "permissions" && access.application.length === 0)) {
      throw new Error(`operation ${name} does not say who may call it`);
    }
  }
}
