/** One connection from its opening to its end: handshake, hello, frames, heartbeat. */

import {
  type AgentFrame,
  LINK_VERSION,
  LIVE_OUTPUT,
  type MachineFacts,
  OLDEST_LINK_VERSION,
  OUTPUT_BEYOND,
  OUTPUT_COUNTS,
  type ServerFrame,
} from "@halligan/protocol/link";
import { abortable, type MonotonicClock, sleep, withDeadline } from "@halligan/protocol/time";
import { LIMITS } from "../../limits.ts";
import type { AgentSettings } from "../../settings.ts";
import { isFresh } from "../freshness.ts";
import type { JournalState } from "../journal/journal.ts";
import { heldOrder } from "../journal/journal.ts";
import type { OrderKeyMap } from "../order-check.ts";
import type { DeviceSecretKey } from "../order-secrets.ts";
import type { LiveOutput } from "../output/live-output.ts";
import type { OwnersLog } from "../owners-log/owners-log.ts";
import type { Log, Net } from "../ports.ts";
import type { ServerConnection } from "../server-connection.ts";
import { ConnectionEndedError } from "./connection-ended-error.ts";
import type { FrameChannel, ReceivedFrame } from "./frame-channel.ts";
import { type Identity, openConnection } from "./handshake.ts";
import { withoutOutputCounts } from "./output-counts.ts";

export interface ConnectionDeps {
  clock: MonotonicClock;
  net: Net;
  log: Log;
  serverConnection: ServerConnection;
  identity: Identity;
  /** Absent in a device that takes no secrets, as one of an earlier release. */
  secretKey?: DeviceSecretKey | null;
  /**
   * Version of the link protocol. 1: behaves as an agent of the previous release, for the
   * simulation. Default {@link LINK_VERSION}.
   */
  linkVersion?: number;
  settings: AgentSettings;
  /**
   * Random id of this process. It is created at the start and never stored, so a copy of the data
   * folder does not have it.
   */
  processId: string;
  /** The pinned keys at present. The first key names the server in the handshake. */
  currentOrderKeys(): OrderKeyMap;
  /** Number of the pinned set. */
  orderKeySetNumber(): number;
  facts(): MachineFacts;
  journal(): JournalState;
  /** Null when this agent sends no live output. */
  liveOutput: LiveOutput | null;
  /** What the runner can do beyond every agent of this link version. */
  features?: readonly string[];
  ownersLog?: OwnersLog;
}

type FrameOf<T extends ServerFrame["type"]> = Extract<ServerFrame, { type: T }>;
/** When the server sent the frame. Some frames are valid for a short time only. */
type Received = Pick<ReceivedFrame, "sentAtMs" | "sizeBytes">;
export interface FrameHandlers {
  /** Called after the connection is up. Other frames are received after this resolves. */
  helloAnswer(frame: FrameOf<"helloAnswer">): Promise<void>;
  order(frame: FrameOf<"order">, received: Received): Promise<void>;
  orderKeys(frame: FrameOf<"orderKeys">): Promise<void>;
  startGranted(frame: FrameOf<"startGranted">, received: Received): Promise<void>;
  end(frame: FrameOf<"end">): Promise<void>;
  ack(frame: FrameOf<"ack">): Promise<void>;
  forget(frame: FrameOf<"forget">): Promise<void>;
  /** The server refuses this device permanently. Everything that runs must end. */
  retired(): Promise<void>;
}

/** Runs until the connection ends. It always ends by rejecting. */
export async function runConnection(
  deps: ConnectionDeps,
  handlers: FrameHandlers,
  signal: AbortSignal,
): Promise<never> {
  const { clock, serverConnection, settings } = deps;
  const ended = new AbortController();
  const all = AbortSignal.any([signal, ended.signal]);
  const connection = await withDeadline(
    clock,
    settings.connectTimeoutMs,
    all,
    "The server did not answer in time.",
    (s) => deps.net.connect(s),
  );
  const { linkVersion = LINK_VERSION } = deps;
  const orderKeys = deps.currentOrderKeys();
  const orderKeyIds = [...orderKeys.keys()];
  try {
    const { clock, identity } = deps;
    const { welcome, channel } = await openConnection(
      { clock, identity, linkVersion, orderKeys, settings, recovered: (set) => handlers.orderKeys(set) },
      connection,
      all,
    );
    serverConnection.setServerTime(welcome.serverTimeMs);
    const send = channel.send.bind(channel);
    const journal = deps.journal();
    const features = [
      ...(deps.liveOutput ? [LIVE_OUTPUT, OUTPUT_COUNTS, OUTPUT_BEYOND] : []),
      ...(deps.features ?? []),
    ];
    send({
      type: "hello",
      journalId: journal.journalId,
      highestOrderSeq: journal.highestOrderSeq,
      orders: [...journal.orders.values()].map(heldOrder),
      ...(orderKeyIds.length > 1 && { orderKeyIds }),
      ...(linkVersion > OLDEST_LINK_VERSION && {
        orderKeySet: deps.orderKeySetNumber(),
        continuity: { processId: deps.processId, rollingValue: journal.rollingValue },
        ...(features.length > 0 && { features }),
        ...(deps.secretKey && { secretKey: deps.secretKey.announced }),
      }),
      facts: deps.facts(),
    });
    const answer = await withDeadline(clock, settings.helloTimeoutMs, all, "The hello was not answered in time.", (s) =>
      answerOf(channel, clock, s),
    );
    if (deps.liveOutput) deps.liveOutput.saysBeyond = answer.features?.includes(OUTPUT_BEYOND) ?? false;
    const takesCounts = answer.features?.includes(OUTPUT_COUNTS);
    const report = (frame: AgentFrame) => send(takesCounts ? frame : withoutOutputCounts(frame));
    serverConnection.up({ ticket: welcome.ticket, send: report });
    await handlers.helloAnswer(answer);
    deps.log.info("linked", { machineId: deps.identity.machineId, linkEpoch: welcome.linkEpoch });
    const activity = { lastFrameMs: clock.monotonicMs() };
    return await Promise.race([
      receiveFrames(channel, deps, handlers, activity, all),
      sendHeartbeats(clock, welcome.pingIntervalMs, () => send({ type: "ping" }), activity, all),
    ]);
  } finally {
    serverConnection.down();
    deps.liveOutput?.closeAll();
    ended.abort(new ConnectionEndedError("The connection has ended."));
    connection.close();
  }
}

/** A verdict lets commands start, so a late answer is refused. */
async function answerOf(
  channel: FrameChannel,
  clock: MonotonicClock,
  signal: AbortSignal,
): Promise<FrameOf<"helloAnswer">> {
  const received = await channel.next(signal);
  const { frame } = received;
  if (frame.type !== "helloAnswer")
    throw new ConnectionEndedError(`The server sent ${frame.type} instead of a helloAnswer.`);
  if (!isFresh(received, clock.monotonicMs())) throw new ConnectionEndedError("The answer to the hello came late.");
  return frame;
}

async function receiveFrames(
  channel: FrameChannel,
  deps: ConnectionDeps,
  handlers: FrameHandlers,
  activity: { lastFrameMs: number },
  signal: AbortSignal,
): Promise<never> {
  for (;;) {
    const received = await channel.next(signal);
    activity.lastFrameMs = deps.clock.monotonicMs();
    // Frames are handled one after the other, because a later frame can depend on the writes of an
    // earlier one. No frame is handled after the connection is given up.
    await abortable(handle(received, deps, handlers), signal);
  }
}

async function handle(
  received: ReceivedFrame,
  { serverConnection, liveOutput }: ConnectionDeps,
  handlers: FrameHandlers,
): Promise<void> {
  const { frame } = received;
  switch (frame.type) {
    case "pong":
      return serverConnection.setServerTime(frame.serverTimeMs);
    case "probe":
      return serverConnection.send({ type: "probeAnswer", nonce: frame.nonce });
    case "order":
      return await handlers.order(frame, received);
    case "orderKeys":
      return await handlers.orderKeys(frame);
    case "startGranted":
      return await handlers.startGranted(frame, received);
    case "end":
      return await handlers.end(frame);
    case "ack":
      return await handlers.ack(frame);
    case "forget":
      return await handlers.forget(frame);
    case "watchOutput":
      return liveOutput?.watch(frame);
    case "outputCredit":
      return liveOutput?.credit(frame);
    case "unwatchOutput":
      return liveOutput?.unwatch(frame);
    case "welcome":
    case "signedWelcome":
    case "helloAnswer":
      throw new ConnectionEndedError(`The server sent an unexpected ${frame.type}.`);
  }
}

async function sendHeartbeats(
  clock: MonotonicClock,
  intervalMs: number,
  ping: () => void,
  activity: { lastFrameMs: number },
  signal: AbortSignal,
): Promise<never> {
  for (;;) {
    ping();
    await sleep(clock, intervalMs, signal);
    if (clock.monotonicMs() - activity.lastFrameMs > intervalMs * LIMITS.silentIntervals) {
      throw new ConnectionEndedError("The connection was silent for too long.");
    }
  }
}
