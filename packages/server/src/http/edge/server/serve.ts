import type { IncomingMessage, ServerResponse } from "node:http";
import { textFault } from "@halligan/protocol/text";
import type { Logger } from "pino";
import { addressKey } from "../../../network/address-key.ts";
import type { Admitted } from "../access.ts";
import { clientAddress, type TrustedProxies } from "../admission/client-address.ts";
import type { HeldRefusals } from "../admission/held-refusals.ts";
import type { MachineRequests } from "../admission/machine-requests.ts";
import type { RefusedBodies } from "../admission/refused-bodies.ts";
import type { UnauthenticatedLog } from "../admission/unauthenticated-log.ts";
import { namesOf } from "../admitted-names.ts";
import { readUrlEncoded } from "../body/url-encoded.ts";
import type { Gate, HttpRequest, RequestFacts } from "../http-request.ts";
import { type ErrorResponse, type HttpResponse, httpError, RequestRefusedError } from "../http-response.ts";
import type { HttpLimits } from "../limits.ts";
import type { Operation } from "../operation.ts";
import { queryRefusal } from "../query-options.ts";
import { announcesBody, ClientDisconnectedError } from "../read-body.ts";
import { toWritten, type WrittenResponse } from "../response/json-text.ts";
import { writeResponse } from "../response/write-response.ts";
import type { UnfinishedBodies } from "../unfinished-bodies.ts";
import { drainBody } from "./drain-body.ts";
import { headerError } from "./header-error.ts";
import { inviteBody, isWaitingForContinue } from "./http-server.ts";
import { logRequest, type RequestLine, subjectOf } from "./request-log.ts";
import { splitTarget } from "./request-path.ts";

export interface ServeContext<Ctx> {
  readonly context: Ctx;
  readonly gate: Gate;
  readonly limits: HttpLimits;
  readonly log: Logger;
  readonly held: HeldRefusals;
  readonly refusedBodies: RefusedBodies;
  readonly unfinishedBodies: UnfinishedBodies;
  readonly machineRequests: MachineRequests;
  readonly proxies: TrustedProxies;
  readonly unauthenticatedLog: LineLimits;
  /** Such an error is a 503, any other one a 500. */
  readonly isUnavailable: (error: unknown) => error is Error;
  readonly isClosing: () => boolean;
  readonly onResponseEnd: (line: RequestLine) => void;
}

/** Written to the log only, for a client that disconnected before its response; as nginx does. */
const CLIENT_GONE = 499;

/** A backend is back within seconds, or an operator has to act. */
const UNAVAILABLE = httpError(503, "ServiceUnavailable", "The service cannot reach its storage; try again later", {
  "retry-after": "5",
});

const INTERNAL_ERROR = httpError(500, "InternalServerError", "The request could not be completed");

export type LineLimits = Pick<UnauthenticatedLog, "admits" | "admitsOfMachine">;

/** Source of a response: an operation, or a fixed refusal if no operation matches. */
export type Source<Ctx> =
  | { readonly kind: "operation"; readonly operation: Operation<Ctx> }
  | { readonly kind: "refusal"; readonly refusal: HttpResponse };

/** One request, and the response that is written to. */
export interface Exchange {
  /** GUID. */
  readonly id: string;
  readonly raw: IncomingMessage;
  readonly rawResponse: ServerResponse;
  /** Of the path, decoded, in the letter case of the request. */
  readonly params: Readonly<Record<string, string>>;
}

/**
 * The one path from a request to its response. Whatever goes wrong becomes a response with the
 * contract's body.
 */
export async function serve<Ctx>(exchange: Exchange, source: Source<Ctx>, serving: ServeContext<Ctx>): Promise<void> {
  const { raw, rawResponse } = exchange;
  const startedMs = performance.now();
  const gone = new AbortController();
  rawResponse.once("close", () => {
    if (!rawResponse.writableFinished) gone.abort();
  });
  const query = readUrlEncoded(splitTarget(raw.url ?? "").rawQuery, "query option");
  const facts = factsOf(exchange, query.ok ? query.value : new URLSearchParams(), gone.signal, serving.proxies);
  const operation = source.kind === "operation" ? source.operation : null;
  let who: Admitted | null = null;
  const finish = (status: number, code?: string, sentBytes?: number) => {
    const line: RequestLine = {
      requestId: facts.id,
      operation: operation?.name ?? null,
      method: facts.method,
      path: facts.path,
      status,
      durationMs: Math.round((performance.now() - startedMs) * 10) / 10,
      remoteAddress: facts.remoteAddress,
      ...subjectOf(facts.path, facts.params),
      ...namesOf(who),
      ...(sentBytes !== undefined && { sentBytes }),
      ...(code === undefined ? {} : { code }),
    };
    if (isLogged(line, operation, who, serving.unauthenticatedLog)) logRequest(serving.log, line);
    serving.onResponseEnd(line);
  };
  try {
    const { gate, limits, unfinishedBodies } = serving;
    const invite = () => inviteBody(raw, rawResponse);
    const request = { facts, raw, gate, limits, unfinishedBodies, invite };
    const refused = query.ok ? pathRefusal(facts) : queryRefusal(operation?.path ?? "/api/", query.error);
    const response =
      refused ??
      (await responseOf(source, request, serving, (admitted) => {
        who = admitted;
        const { machineId } = namesOf(admitted);
        if (machineId !== undefined) serving.machineRequests.began(machineId, rawResponse);
      }));
    using _ = heldBy(response);
    // A body that the client still waits to send must not be invited when it is not read.
    const isWaiting = isWaitingForContinue(raw);
    const sender = senderOf(who, facts.remoteAddress);
    // A refusal that ends its connection was caused by the body itself: by its time, or by the
    // memory that it takes.
    const isBodyLeft = response.kind === "error" && response.headers?.connection === "close";
    const isSettled = !isWaiting && !isBodyLeft && (await drainRest(operation, raw, who, sender, serving));
    const isTooMany = response.kind === "error" && response.status === 429;
    // Too many requests without authentication or of one device, or a body that no honest client
    // sends without authentication.
    const isFlood = isIdentified(who) ? isTooMany && isTicket(who) : isTooMany || !(isSettled || isWaiting);
    const wasHeld = !isFlood || (await serving.held.hold(isTicket(who) ? sender : facts.remoteAddress, gone.signal));
    const mustClose = !isSettled || !wasHeld || serving.isClosing();
    const linger = isSettled || isWaiting ? undefined : () => serving.refusedBodies.linger(sender, gone.signal);
    await writeResponse({ id: facts.id, raw, rawResponse, errors: operation?.errors, mustClose, linger }, response);
    const code = response.kind === "error" ? response.code : undefined;
    const sentBytes =
      response.kind === "bytes" && raw.method === "GET" ? (response.lengthBytes ?? undefined) : undefined;
    finish(gone.signal.aborted ? CLIENT_GONE : response.status, code, sentBytes);
  } catch (error) {
    const isGone = error instanceof ClientDisconnectedError || gone.signal.aborted || raw.destroyed;
    if (!isGone) serving.log.error({ requestId: facts.id, err: error }, "the response could not be written");
    rawResponse.destroy();
    finish(isGone ? CLIENT_GONE : 500);
  }
}

/** What is disposed when the response is over. */
function heldBy(response: WrittenResponse): Disposable | null {
  switch (response.kind) {
    case "lateJson":
    case "bytes":
    case "events":
      return response.held ?? null;
    case "text":
    case "empty":
    case "error":
      return null;
  }
}

const isTicket = (who: Admitted | null): boolean => who?.kind === "ticket";

/** Whose refused bodies count together: a machine's, an account's, or else an address's. */
function senderOf(who: Admitted | null, remoteAddress: string): string {
  const { machineId, callerId } = namesOf(who);
  if (machineId !== undefined) return `machine ${machineId}`;
  return callerId === undefined ? `address ${addressKey(remoteAddress)}` : `caller ${callerId}`;
}

/** Whether the access says who the caller is; an anonymous operation admits everybody. */
const isIdentified = (who: Admitted | null): boolean => who !== null && who.kind !== "anonymous";

function isLogged<Ctx>(
  line: RequestLine,
  operation: Operation<Ctx> | null,
  who: Admitted | null,
  log: LineLimits,
): boolean {
  // By who was admitted, not by the names of the line: a path names a machine for every caller.
  const { callerId, machineId } = namesOf(who);
  // A full disk is no error of ours, and a device meets it as often as it likes.
  if (callerId !== undefined || (line.status >= 500 && line.status !== 507)) return true;
  if (machineId !== undefined) return log.admitsOfMachine(machineId);
  return !isOfAnyAddress(line, operation) || log.admits(line.remoteAddress);
}

/**
 * Lines that any address can cause: refusals without authentication, and what is answered to
 * everybody.
 */
const isOfAnyAddress = <Ctx>({ status }: RequestLine, operation: Operation<Ctx> | null): boolean =>
  status >= 400 || operation?.access.kind !== "anonymous" || operation.isPublic === true;

/**
 * A body that belongs to no admitted request is received only where an honest client sends one:
 * with a length, after its token expired.
 */
function drainBytes<Ctx>(
  operation: Operation<Ctx> | null,
  raw: IncomingMessage,
  isAdmitted: boolean,
  limits: HttpLimits,
): number {
  const wantsBody = operation !== null && operation.access.kind !== "anonymous";
  const isChunked = raw.headers["transfer-encoding"] !== undefined;
  if (wantsBody && (isAdmitted || !isChunked)) return limits.drainBytes;
  const { anonymousDrainBytes } = limits;
  return Number(raw.headers["content-length"] ?? 0) > anonymousDrainBytes ? 0 : anonymousDrainBytes;
}

/**
 * Receives what is left of a body, or says that its connection must close. At most what its sender
 * has left of the budget for such bytes, and nothing of a body that is longer than that.
 */
async function drainRest<Ctx>(
  operation: Operation<Ctx> | null,
  raw: IncomingMessage,
  who: Admitted | null,
  sender: string,
  { limits, refusedBodies }: ServeContext<Ctx>,
): Promise<boolean> {
  if (raw.readableEnded || !announcesBody(raw)) return true;
  const budgetBytes = isTicket(who) ? limits.ticketDrainBytes : limits.drainBytes;
  const leftBytes = refusedBodies.leftBytes(sender, budgetBytes);
  const mostBytes = Math.min(drainBytes(operation, raw, who !== null, limits), leftBytes);
  const announced = raw.headers["content-length"];
  if (announced !== undefined) {
    if (Number(announced) > mostBytes) return false;
    refusedBodies.count(sender, Number(announced));
    return await drainBody(raw, limits, mostBytes);
  }
  return await drainBody(raw, limits, mostBytes, (bytes) => refusedBodies.count(sender, bytes));
}

async function responseOf<Ctx>(
  source: Source<Ctx>,
  request: HttpRequest,
  { context, log, isUnavailable }: ServeContext<Ctx>,
  onAdmitted: (who: Admitted) => void,
): Promise<WrittenResponse> {
  const fault = headerError(request.raw);
  if (fault !== null) return httpError(400, "BadRequest", fault);
  if (source.kind === "refusal") return toWritten(source.refusal);
  const { operation } = source;
  try {
    return toWritten(await operation.run(request, context, onAdmitted));
  } catch (error) {
    if (error instanceof RequestRefusedError) return error.response;
    if (error instanceof ClientDisconnectedError || request.facts.signal.aborted) throw error;
    if (isUnavailable(error)) {
      log.warn(
        { requestId: request.facts.id, operation: operation.name, reason: error.message },
        "a dependency is unavailable",
      );
      return UNAVAILABLE;
    }
    log.error({ requestId: request.facts.id, operation: operation.name, err: error }, "the operation failed");
    return INTERNAL_ERROR;
  }
}

/** Refuses text that no parameter may contain. The router has refused what is not UTF-8. */
function pathRefusal({ params }: RequestFacts): ErrorResponse | null {
  const error = Object.values(params)
    .map(textFault)
    .find((found) => found !== null);
  return error === undefined ? null : httpError(400, "BadRequest", `the path ${error}`);
}

function factsOf(
  { id, raw, params }: Exchange,
  query: URLSearchParams,
  signal: AbortSignal,
  proxies: TrustedProxies,
): RequestFacts {
  const { path, rawQuery } = splitTarget(raw.url ?? "");
  return {
    id,
    method: raw.method ?? "",
    path,
    params,
    query,
    rawQuery,
    headers: raw.headers,
    remoteAddress: clientAddress(raw.socket.remoteAddress, raw.headers["x-forwarded-for"], proxies),
    signal,
  };
}
