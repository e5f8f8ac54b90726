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
import { type Answer, RequestRefusedError, refuse } from "../answer.ts";
import { readUrlEncoded } from "../body/url-encoded.ts";
import type { Gate, Incoming, RequestFacts } from "../incoming.ts";
import type { HttpLimits } from "../limits.ts";
import type { Operation } from "../operation.ts";
import { queryRefusal } from "../query-options.ts";
import { announcesBody, ClientGoneError } from "../read-body.ts";
import { writeAnswer } from "../response/write-answer.ts";
import type { UnfinishedBodies } from "../unfinished-bodies.ts";
import { headerFault } from "./header-fault.ts";
import { inviteBody, isWaitingForContinue } from "./http-server.ts";
import { logRequest, type RequestLine, subjectOf } from "./request-log.ts";
import { splitTarget } from "./request-path.ts";
import { settleBody } from "./settle.ts";

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
  readonly onAnswered: (line: RequestLine) => void;
}

/** Written to the log only, for a client that went away before its answer; as nginx does. */
const CLIENT_GONE = 499;

/** A backend is back within seconds, or an operator has to act. */
const AWAY = refuse(503, "ServiceUnavailable", "The service cannot reach its storage; try again later", {
  "retry-after": "5",
});

const INTERNAL_ERROR = refuse(500, "InternalServerError", "The request could not be completed");

export type LineLimits = Pick<UnauthenticatedLog, "admits" | "admitsOfMachine">;

/** Where an answer comes from: an operation, or what is said when there is none. */
export type Source<Ctx> = Operation<Ctx> | { readonly refusal: Answer; readonly errors?: undefined };

/** One request, and the response that is written to. */
export interface Exchange {
  /** GUID. */
  readonly id: string;
  readonly raw: IncomingMessage;
  readonly response: ServerResponse;
  /** Of the path, decoded, in the letter case of the request. */
  readonly params: Readonly<Record<string, string>>;
}

/**
 * The one path from a request to its response. Whatever goes wrong becomes an answer with the
 * contract's body.
 */
export async function serve<Ctx>(exchange: Exchange, source: Source<Ctx>, serving: ServeContext<Ctx>): Promise<void> {
  const { raw, response } = exchange;
  const startedMs = performance.now();
  const gone = new AbortController();
  response.once("close", () => {
    if (!response.writableFinished) gone.abort();
  });
  const query = readUrlEncoded(splitTarget(raw.url ?? "").rawQuery, "query option");
  const facts = factsOf(
    exchange,
    "params" in query ? query.params : new URLSearchParams(),
    gone.signal,
    serving.proxies,
  );
  let who: Admitted | null = null;
  const finish = (status: number, code?: string, sentBytes?: number) => {
    const line: RequestLine = {
      requestId: facts.id,
      operation: "name" in source ? source.name : null,
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
    if (isLogged(line, source, who, serving.unauthenticatedLog)) logRequest(serving.log, line);
    serving.onAnswered(line);
  };
  try {
    const { gate, limits, unfinishedBodies } = serving;
    const invite = () => inviteBody(raw, response);
    const incoming = { facts, raw, gate, limits, unfinishedBodies, invite };
    const refused =
      "fault" in query ? queryRefusal("path" in source ? source.path : "/api/", query.fault) : pathRefusal(facts);
    const answer =
      refused ??
      (await answerOf(source, incoming, serving, (admitted) => {
        who = admitted;
        const { machineId } = namesOf(admitted);
        if (machineId !== undefined) serving.machineRequests.began(machineId, response);
      }));
    using _ = "held" in answer ? answer.held : null;
    // A body that the client still waits to send must not be invited when it is not read.
    const isWaiting = isWaitingForContinue(raw);
    const sender = senderOf(who, facts.remoteAddress);
    // A refusal that ends its connection was caused by the body itself: by its time, or by the
    // memory that it takes.
    const isBodyLeft = answer.kind === "error" && answer.headers?.connection === "close";
    const isSettled = !isWaiting && !isBodyLeft && (await settle(source, raw, who, sender, serving));
    const isTooMany = answer.kind === "error" && answer.status === 429;
    // Too many requests without authentication or of one device, or a body that no honest client
    // sends without authentication.
    const isFlood = isIdentified(who) ? isTooMany && isTicket(who) : isTooMany || !(isSettled || isWaiting);
    const wasHeld = !isFlood || (await serving.held.hold(isTicket(who) ? sender : facts.remoteAddress, gone.signal));
    const mustClose = !isSettled || !wasHeld || serving.isClosing();
    const linger = isSettled || isWaiting ? undefined : () => serving.refusedBodies.linger(sender, gone.signal);
    await writeAnswer({ id: facts.id, raw, response, errors: source.errors, mustClose, linger }, answer);
    const code = answer.kind === "error" ? answer.code : undefined;
    const sentBytes = answer.kind === "bytes" && raw.method === "GET" ? answer.lengthBytes : undefined;
    finish(gone.signal.aborted ? CLIENT_GONE : answer.status, code, sentBytes);
  } catch (error) {
    const isGone = error instanceof ClientGoneError || gone.signal.aborted || raw.destroyed;
    if (!isGone) serving.log.error({ requestId: facts.id, err: error }, "the answer could not be written");
    response.destroy();
    finish(isGone ? CLIENT_GONE : 500);
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

function isLogged<Ctx>(line: RequestLine, source: Source<Ctx>, who: Admitted | null, log: LineLimits): boolean {
  // By who was admitted, not by the names of the line: a path names a machine for every caller.
  const { callerId, machineId } = namesOf(who);
  // A full disk is no fault of ours, and a device meets it as often as it likes.
  if (callerId !== undefined || (line.status >= 500 && line.status !== 507)) return true;
  if (machineId !== undefined) return log.admitsOfMachine(machineId);
  return !isOfAnyAddress(line, source) || log.admits(line.remoteAddress);
}

/**
 * Lines that any address can cause: refusals without authentication, and what is answered to
 * everybody.
 */
const isOfAnyAddress = <Ctx>({ status }: RequestLine, source: Source<Ctx>): boolean =>
  status >= 400 || !("access" in source) || source.access.kind !== "anonymous" || source.isPublic === true;

/**
 * A body that belongs to no admitted request is received only where an honest client sends one:
 * with a length, after its token expired.
 */
function drainBytes<Ctx>(source: Source<Ctx>, raw: IncomingMessage, isAdmitted: boolean, limits: HttpLimits): number {
  const wantsBody = "access" in source && source.access.kind !== "anonymous";
  const isChunked = raw.headers["transfer-encoding"] !== undefined;
  if (wantsBody && (isAdmitted || !isChunked)) return limits.drainBytes;
  const { anonymousDrainBytes } = limits;
  return Number(raw.headers["content-length"] ?? 0) > anonymousDrainBytes ? 0 : anonymousDrainBytes;
}

/**
 * Receives what is left of a body, or says that its connection must close. At most what its sender
 * has left of the budget for such bytes, and nothing of a body that is longer than that.
 */
async function settle<Ctx>(
  source: Source<Ctx>,
  raw: IncomingMessage,
  who: Admitted | null,
  sender: string,
  { limits, refusedBodies }: ServeContext<Ctx>,
): Promise<boolean> {
  if (raw.readableEnded || !announcesBody(raw)) return true;
  const budgetBytes = isTicket(who) ? limits.ticketDrainBytes : limits.drainBytes;
  const leftBytes = refusedBodies.leftBytes(sender, budgetBytes);
  const mostBytes = Math.min(drainBytes(source, raw, who !== null, limits), leftBytes);
  const announced = raw.headers["content-length"];
  if (announced !== undefined) {
    if (Number(announced) > mostBytes) return false;
    refusedBodies.count(sender, Number(announced));
    return await settleBody(raw, limits, mostBytes);
  }
  return await settleBody(raw, limits, mostBytes, (bytes) => refusedBodies.count(sender, bytes));
}

async function answerOf<Ctx>(
  source: Source<Ctx>,
  incoming: Incoming,
  { context, log, isUnavailable }: ServeContext<Ctx>,
  onAdmitted: (who: Admitted) => void,
): Promise<Answer> {
  const fault = headerFault(incoming.raw);
  if (fault !== null) return refuse(400, "BadRequest", fault);
  if ("refusal" in source) return source.refusal;
  try {
    return await source.run(incoming, context, onAdmitted);
  } catch (error) {
    if (error instanceof RequestRefusedError) return error.answer;
    if (error instanceof ClientGoneError || incoming.facts.signal.aborted) throw error;
    if (isUnavailable(error)) {
      log.warn({ requestId: incoming.facts.id, operation: source.name, reason: error.message }, "an engine is away");
      return AWAY;
    }
    log.error({ requestId: incoming.facts.id, operation: source.name, err: error }, "the operation failed");
    return INTERNAL_ERROR;
  }
}

/** Text that no parameter may hold; what is not UTF-8 never comes so far. */
function pathRefusal({ params }: RequestFacts): Answer | null {
  const fault = Object.values(params)
    .map(textFault)
    .find((found) => found !== null);
  return fault === undefined ? null : refuse(400, "BadRequest", `the path ${fault}`);
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
