/** One link from the connection to its end: handshake, hello, frames, heartbeat. */
import { type KeyObject, sign } from "node:crypto";
import {
  type AgentFrame,
  CHALLENGE_BYTES,
  encodeHandshakeAnswer,
  HANDSHAKE_TIMEOUT_MS,
  handshakeSigningBytes,
  LINK_VERSION,
  MAX_FRAME_BYTES,
  type MachineFacts,
  OLDEST_LINK_VERSION,
  parseServerFrame,
  type ServerFrame,
} from "@halligan/protocol/link";
import { LIMITS } from "../limits.ts";
import { abortable, withDeadline } from "./deadline.ts";
import type { JournalState } from "./journal.ts";
import { heldOrder } from "./journal.ts";
import type { LinkState } from "./link-state.ts";
import type { Clock, Connection, Log, Net } from "./ports.ts";

export interface Identity {
  machineId: string;
  privateKey: KeyObject;
}

export interface SessionDeps {
  clock: Clock;
  net: Net;
  log: Log;
  link: LinkState;
  identity: Identity;
  /** 1: as an agent of the release before. The simulation runs those as well; default {@link LINK_VERSION}. */
  linkVersion?: number;
  /** Of this process, made when it started and never written down: a copy of the data folder does not have it. */
  processId: string;
  /** The pinned ones at present. The first names the server in the handshake. */
  orderKeyIds(): readonly string[];
  facts(): MachineFacts;
  journal(): JournalState;
}

type FrameOf<T extends ServerFrame["type"]> = Extract<ServerFrame, { type: T }>;
export interface FrameHandlers {
  /** The link counts as up when this returns. */
  helloAnswer(frame: FrameOf<"helloAnswer">): Promise<void>;
  order(frame: FrameOf<"order">): Promise<void>;
  orderKeys(frame: FrameOf<"orderKeys">): Promise<void>;
  startGranted(frame: FrameOf<"startGranted">): Promise<void>;
  end(frame: FrameOf<"end">): Promise<void>;
  ack(frame: FrameOf<"ack">): Promise<void>;
  forget(frame: FrameOf<"forget">): Promise<void>;
  /** The server refuses this device for good: nothing of its orders may go on. */
  retired(): Promise<void>;
}

/** The link ended; `code` is the WebSocket's close code, or null when there was none. */
export class LinkEnded extends Error {
  override name = "LinkEnded";
  readonly code: number | null;
  constructor(message: string, code: number | null = null) {
    super(message);
    this.code = code;
  }
}

/** Runs until the link ends, which it always tells by rejecting. */
export async function runLinkSession(deps: SessionDeps, handlers: FrameHandlers, signal: AbortSignal): Promise<never> {
  const { clock, link } = deps;
  const ended = new AbortController();
  const all = AbortSignal.any([signal, ended.signal]);
  const connection = await withDeadline(
    clock,
    LIMITS.connectTimeoutMs,
    all,
    "The server did not answer in time.",
    (s) => deps.net.connect(s),
  );
  const orderKeyIds = deps.orderKeyIds();
  const { linkVersion = LINK_VERSION } = deps;
  try {
    await withDeadline(clock, HANDSHAKE_TIMEOUT_MS, all, "The server sent no challenge in time.", (s) =>
      answerChallenge(connection, deps.identity, linkVersion, orderKeyIds[0] ?? "", s),
    );
    const welcome = await withDeadline(
      clock,
      LIMITS.connectTimeoutMs,
      all,
      "The server sent no welcome in time.",
      (s) => expectFrame(connection, "welcome", s),
    );
    if (welcome.linkVersion < linkVersion)
      throw new LinkEnded(
        `The server speaks link version ${welcome.linkVersion}, this agent version ${linkVersion}: upgrade the server first.`,
      );
    link.setServerTime(welcome.serverTimeMs);
    const send = (frame: AgentFrame) => connection.sendText(JSON.stringify(frame));
    const journal = deps.journal();
    send({
      type: "hello",
      journalId: journal.journalId,
      highestOrderSeq: journal.highestOrderSeq,
      orders: [...journal.orders.values()].map(heldOrder),
      ...(orderKeyIds.length > 1 && { orderKeyIds: [...orderKeyIds] }),
      ...(linkVersion > OLDEST_LINK_VERSION && {
        continuity: { processId: deps.processId, rollingValue: journal.rollingValue },
      }),
      facts: deps.facts(),
    });
    const answer = await withDeadline(clock, LIMITS.helloTimeoutMs, all, "The hello was not answered in time.", (s) =>
      expectFrame(connection, "helloAnswer", s),
    );
    link.up({ ticket: welcome.ticket, send });
    await handlers.helloAnswer(answer);
    deps.log.info("linked", { machineId: deps.identity.machineId, linkEpoch: welcome.linkEpoch });
    const heart = { lastFrameMs: clock.monotonicMs() };
    return await Promise.race([
      receiveFrames(connection, link, handlers, clock, heart, all),
      keepAlive(clock, welcome.pingIntervalMs, () => send({ type: "ping" }), heart, all),
    ]);
  } finally {
    link.down();
    ended.abort(new LinkEnded("The link is over."));
    connection.close();
  }
}

async function answerChallenge(
  connection: Connection,
  identity: Identity,
  version: number,
  serverKeyId: string,
  signal: AbortSignal,
): Promise<void> {
  const first = await connection.receive(signal);
  if (first.kind === "closed") throw new LinkEnded(first.reason || "The server closed the link.", first.code);
  if (first.kind !== "binary" || first.bytes.length !== CHALLENGE_BYTES) {
    throw new LinkEnded("The server did not begin with a challenge: is this a Halligan server?");
  }
  const claim = { version, machineId: identity.machineId, serverKeyId };
  const signature = sign(null, handshakeSigningBytes(first.bytes, claim), identity.privateKey);
  connection.sendBinary(encodeHandshakeAnswer({ ...claim, signature }));
}

async function nextFrame(connection: Connection, signal: AbortSignal): Promise<ServerFrame> {
  const received = await connection.receive(signal);
  if (received.kind === "closed") throw new LinkEnded(received.reason || "The server closed the link.", received.code);
  if (received.kind !== "text" || received.text.length > MAX_FRAME_BYTES)
    throw new LinkEnded("A frame of a wrong kind or size came.");
  const frame = parseServerFrame(received.text);
  if (!frame) throw new LinkEnded("A frame came that this agent does not know.");
  return frame;
}

async function expectFrame<T extends ServerFrame["type"]>(
  connection: Connection,
  type: T,
  signal: AbortSignal,
): Promise<FrameOf<T>> {
  const frame = await nextFrame(connection, signal);
  if (!isOfType(frame, type)) throw new LinkEnded(`The server sent ${frame.type} instead of ${type}.`);
  return frame;
}

function isOfType<T extends ServerFrame["type"]>(frame: ServerFrame, type: T): frame is FrameOf<T> {
  return frame.type === type;
}

async function receiveFrames(
  connection: Connection,
  link: LinkState,
  handlers: FrameHandlers,
  clock: Clock,
  heart: { lastFrameMs: number },
  signal: AbortSignal,
): Promise<never> {
  for (;;) {
    const frame = await nextFrame(connection, signal);
    heart.lastFrameMs = clock.monotonicMs();
    // One after the other, and never once the link is given up: a later frame may rest on what an earlier one wrote.
    await abortable(handle(frame, link, handlers), signal);
  }
}

async function handle(frame: ServerFrame, link: LinkState, handlers: FrameHandlers): Promise<void> {
  switch (frame.type) {
    case "pong":
      return link.setServerTime(frame.serverTimeMs);
    case "probe":
      return link.send({ type: "probeAnswer", nonce: frame.nonce });
    case "order":
      return await handlers.order(frame);
    case "orderKeys":
      return await handlers.orderKeys(frame);
    case "startGranted":
      return await handlers.startGranted(frame);
    case "end":
      return await handlers.end(frame);
    case "ack":
      return await handlers.ack(frame);
    case "forget":
      return await handlers.forget(frame);
    case "welcome":
    case "helloAnswer":
      throw new LinkEnded(`A ${frame.type} came out of turn.`);
  }
}

async function keepAlive(
  clock: Clock,
  intervalMs: number,
  ping: () => void,
  heart: { lastFrameMs: number },
  signal: AbortSignal,
): Promise<never> {
  for (;;) {
    ping();
    await clock.sleep(intervalMs, signal);
    if (clock.monotonicMs() - heart.lastFrameMs > intervalMs * LIMITS.silentIntervals) {
      throw new LinkEnded("The link fell silent.");
    }
  }
}
