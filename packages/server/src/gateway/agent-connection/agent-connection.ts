import {
  type AgentFrame,
  CHALLENGE_BYTES,
  type Hello,
  LINK_CLOSE,
  LINK_VERSION,
  LIVE_OUTPUT,
  OLDEST_LINK_VERSION,
  type Order,
  type ServerFrame,
} from "@halligan/protocol/link";
import { DeviceKey } from "../../auth/signatures/device-key.ts";
import type { CloneEvidence } from "../../domain/machines/clone-detection.ts";
import { acceptConnection } from "../../service/agents/connection/accept-connection.ts";
import { answerHello } from "../../service/agents/connection/answer-hello.ts";
import type { ConnectionIdentity, DeviceInstance } from "../../service/agents/connection/connection-identity.ts";
import { recordDisconnect } from "../../service/agents/connection/record-disconnect.ts";
import { quarantineMachine } from "../../service/agents/quarantine-machine.ts";
import type { ServiceContext } from "../../service/context.ts";
import type { OutputRead, OutputRequest, OutputSink } from "../../service/output/output-source.ts";
import type { ReadyAgent } from "../../service/ready-agents.ts";
import type { AgentSocket, AgentSocketEvents } from "../frames/agent-socket.ts";
import { FrameCodec } from "../frames/frame-codec.ts";
import { askedForUnits, HANDLING_UNITS } from "../frames/frame-rate.ts";
import { HandshakeDeadline } from "../liveness/handshake-deadline.ts";
import { Lifetime } from "../liveness/lifetime.ts";
import { LivenessWaiters, probeNonce } from "../liveness/liveness-waiters.ts";
import { SilenceWatch } from "../liveness/silence-watch.ts";
import { OrderExchange } from "../orders/order-exchange.ts";
import { isReport } from "../orders/reports.ts";
import { DeviceOutput } from "../output/device-output.ts";
import { queuedRead } from "../output/queued-read.ts";
import { MAX_BUFFERED_BYTES, MAX_WAITING_FRAMES, SILENT_INTERVALS } from "./connection-limits.ts";
import type { ConnectionOwner, HelloInstance } from "./connection-owner.ts";
import { type CloseReason, readAnswer, refuseAnswer, UNKNOWN_VALUE_MEANING, welcome } from "./handshake.ts";
import { logFields } from "./log-fields.ts";
import { orderKeysFrame, pinsOf } from "./order-keys-frame.ts";
import { SerialQueue } from "./serial-queue.ts";

/**
 * One device's connection from challenge to close. Frames are handled one after another, in the
 * order of their arrival. Its `OrderExchange` sends the orders and handles the reports.
 */
export class AgentConnection implements AgentSocketEvents, ReadyAgent {
  readonly #context: ServiceContext;
  readonly #socket: AgentSocket;
  readonly #owner: ConnectionOwner<AgentConnection>;
  readonly #pingIntervalMs: number;
  /** Null once it is answered, because an idle connection keeps no state that it does not need. */
  #challenge: Uint8Array | null;
  #phase: "answer" | "hello" | "ready" | "closed" = "answer";
  #identity: ConnectionIdentity | null = null;
  /** The order key that the device named. The device accepts what this key signs. */
  #serverKeyId = "";
  #version = LINK_VERSION;
  /** Null before the device is known. */
  #exchange: OrderExchange | null = null;
  readonly #codec = new FrameCodec();
  #instanceOnOtherNode: DeviceInstance | null = null;
  #marks: HelloInstance | null = null;
  /** Null before the hello of an agent that sends live output. */
  #output: DeviceOutput | null = null;
  readonly #handshake: HandshakeDeadline;
  readonly #silence: SilenceWatch;
  readonly #work: SerialQueue;
  #isCheckQueued = false;
  readonly #livenessWaiters = new LivenessWaiters();
  readonly #lifetime = new Lifetime();

  constructor(
    context: ServiceContext,
    socket: AgentSocket,
    owner: ConnectionOwner<AgentConnection>,
    options: { pingIntervalMs: number },
  ) {
    this.#context = context;
    this.#socket = socket;
    this.#owner = owner;
    this.#pingIntervalMs = options.pingIntervalMs;
    this.#silence = new SilenceWatch(context.clock, options.pingIntervalMs * SILENT_INTERVALS);
    this.#work = new SerialQueue((cause) => {
      this.#context.log.error({ ...this.#names, err: cause }, "agent connection failed");
      // Nothing was acknowledged, so the device sends the report again on its next connection.
      this.#fail("goingAway", "the server could not handle a frame");
    });
    const challenge = context.ids.random(CHALLENGE_BYTES);
    this.#challenge = challenge;
    this.#handshake = new HandshakeDeadline(context.clock, (detail) => this.#fail("silent", detail));
    socket.sendBinary(challenge);
  }

  get identity(): ConnectionIdentity | null {
    return this.#identity;
  }

  /** 0 before the store has given it one. */
  get connectionEpoch(): number {
    return this.#identity?.connectionEpoch ?? 0;
  }

  get isReady(): boolean {
    return this.#phase === "ready";
  }

  /** Null before the hello. */
  get marks(): HelloInstance | null {
    return this.#marks;
  }

  /**
   * Whether the device shows within `withinMs` that its process runs now: it answers a probe. Link
   * version 1 has no probe, so any frame counts.
   */
  isAliveWithin(withinMs: number): Promise<boolean> {
    if (this.#phase === "closed") return Promise.resolve(false);
    const nonce = probeNonce(this.#context.ids.random, this.#version);
    const isAlive = this.#livenessWaiters.within(this.#context.clock, withinMs, nonce);
    if (nonce !== null) this.#send({ type: "probe", nonce });
    return isAlive;
  }

  binary(frame: Uint8Array): void {
    if (this.#phase !== "answer" || this.#work.length > 0) {
      this.#fail("protocol", "unexpected binary frame");
      return;
    }
    this.#work.add(() => this.#answered(frame));
  }

  text(text: string): number {
    this.#silence.heard();
    if (this.#phase === "answer" || this.#work.length >= MAX_WAITING_FRAMES) {
      this.#fail("protocol", "unexpected text frame, or too many text frames are waiting");
      return 0;
    }
    const decoded = this.#codec.decode(text, this.#phase === "hello" ? "hello" : "report");
    if (!decoded.ok) {
      this.#fail("protocol", decoded.error);
      return 0;
    }
    const frame = decoded.value;
    this.#livenessWaiters.heard(frame.type === "probeAnswer" ? frame.nonce : null);
    // Output needs no turn behind reports, which wait for the store.
    if (frame.type === "outputBegin" || frame.type === "output" || frame.type === "outputEnd") {
      if (this.#output?.received(frame)) return askedForUnits(text.length);
      this.#fail("protocol", "output that was not asked for");
      return 0;
    }
    if (frame.type !== "probeAnswer") this.#work.add(() => this.#handle(frame));
    return this.#isDue(frame) ? 0 : HANDLING_UNITS[frame.type];
  }

  /** The socket has closed, from either side. */
  closed(): void {
    this.#ended(0);
  }

  /** @param silentMs how long the device had sent nothing; 0 if its end is the sign of life */
  #ended(silentMs: number): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    this.#lifetime.end();
    this.#livenessWaiters.over();
    this.#handshake.stop();
    this.#silence.stop();
    this.#output?.end("disconnected");
    const identity = this.#identity;
    this.#owner.ended(this);
    const endOfExchange = this.#exchange?.end();
    if (identity) this.#work.add(() => recordDisconnect(this.#context, identity, { ...endOfExchange?.(), silentMs }));
    this.#context.log.info(this.#names, "agent connection closed");
  }

  /** Closes the connection; resolves when all work that it began is written. */
  async close(reason: CloseReason, detail: string): Promise<void> {
    const code = LINK_CLOSE[reason];
    if (this.#phase !== "closed") this.#socket.close(code, this.#codec.closeReason(code, detail));
    this.closed();
    await this.#work.settled;
  }

  /** The store may have work for this machine. */
  checkForWork(): void {
    if (this.#phase !== "ready" || this.#isCheckQueued) return;
    this.#isCheckQueued = true;
    this.#work.add(() => {
      this.#isCheckQueued = false;
      return this.#phase === "ready" && this.#exchange ? this.#exchange.sendNext() : Promise.resolve();
    });
  }

  sendOrder(order: Order): void {
    if (this.#phase === "ready") this.#work.add(async () => this.#exchange?.sendOrder(order));
  }

  read(request: OutputRequest, sink: OutputSink): OutputRead {
    const turn = () => (this.#phase === "ready" ? (this.#output ?? "notOffered") : "disconnected");
    return queuedRead((work) => this.#work.add(work), turn, request, sink);
  }

  /** Called at intervals. Sends an order again that the device refused as late or busy. */
  retry(): void {
    this.#exchange?.repeat();
    this.checkForWork();
  }

  #isDue(frame: AgentFrame): boolean {
    return isReport(frame) && this.#exchange?.isDue(frame) === true;
  }

  async #answered(bytes: Uint8Array): Promise<void> {
    const answer = readAnswer(this.#challenge, bytes);
    this.#challenge = null;
    if (answer.kind === "failed") return this.#fail(answer.reason, answer.detail);
    this.#version = answer.claim.version;
    const accepted = await acceptConnection(this.#context, answer.challenge, answer.claim, this.#socket.remoteAddress, {
      refusalFor: (machineId) => (this.#isClosed() ? "noRoom" : this.#owner.admitMachine(this, machineId)),
      recordStarts: (machineId) => this.#owner.recordStarts(this, machineId),
    });
    if (accepted.kind === "refused") {
      if (this.#isClosed()) return;
      const { orderKeys, failure } = refuseAnswer(this.#context, answer, accepted, this.#names);
      if (orderKeys) this.#send(orderKeys);
      return this.#fail(failure.reason, failure.detail, failure.closeText);
    }
    const { machineId, connectionEpoch } = accepted;
    this.#identity = { machineId, connectionEpoch, remoteAddress: this.#socket.remoteAddress };
    this.#serverKeyId = answer.claim.serverKeyId;
    this.#instanceOnOtherNode = accepted.instanceOnOtherNode;
    this.#exchange = this.#openExchange(this.#identity, new DeviceKey(accepted.deviceKey));
    if (this.#isClosed()) return recordDisconnect(this.#context, this.#identity);
    this.#phase = "hello";
    this.#owner.epochAssigned(this, this.#identity);
    this.#handshake.welcomed();
    this.#silence.start(() => this.#fail("silent", "no frame for three ping intervals"));
    const welcomed = welcome(this.#context, answer, accepted, this.#pingIntervalMs);
    if (welcomed.kind === "failed") return this.#fail(welcomed.reason, welcomed.detail);
    this.#send(welcomed.frame);
    if (welcomed.seal) this.#codec.sealWith(welcomed.seal);
  }

  #openExchange(identity: ConnectionIdentity, deviceKey: DeviceKey): OrderExchange {
    const connection = this;
    return new OrderExchange(this.#context, identity, deviceKey, {
      get isClosed() {
        return connection.#phase === "closed";
      },
      get isSealed() {
        return connection.#codec.isSealed;
      },
      get isLivenessAwaited() {
        return connection.#livenessWaiters.isAwaited;
      },
      get names() {
        return connection.#names;
      },
      send: (frame) => this.#send(frame),
      fail: (reason, detail) => this.#fail(reason, detail),
      queue: (work) => this.#work.add(work),
      checkForWork: () => this.checkForWork(),
      quarantine: () => this.#quarantine(identity, "TwoStarts"),
    });
  }

  async #handle(frame: AgentFrame): Promise<void> {
    const identity = this.#identity;
    if (!identity || this.#phase === "closed") return;
    if (frame.type === "ping") return this.#send({ type: "pong", serverTimeMs: this.#context.clock.nowMs() });
    if (frame.type === "hello") return this.#hello(identity, frame);
    if (this.#phase !== "ready") return this.#fail("protocol", "a report before the hello");
    if (frame.type === "kept") await this.#exchange?.kept(frame);
    else if (isReport(frame)) await this.#exchange?.report(frame);
  }

  /**
   * Another connection of the machine is about to be accepted. Records what this one has granted;
   * from now on it records each start before it grants it. False if that failed.
   */
  recordStarts(): Promise<boolean> {
    return this.#exchange?.recordStarts(() => this.#work.settled) ?? Promise.resolve(true);
  }

  async #hello(identity: ConnectionIdentity, hello: Hello): Promise<void> {
    if (this.#phase !== "hello" || this.#marks !== null) return this.#fail("protocol", "a second hello");
    const { journalId, continuity } = hello;
    if ((continuity === undefined) !== (this.#version === OLDEST_LINK_VERSION)) {
      return this.#fail("protocol", `not a hello of link version ${this.#version}`);
    }
    const marks = { journalId, processId: continuity?.processId ?? null };
    this.#marks = marks;
    this.#handshake.stop();
    if (!(await this.#lifetime.unlessOver(this.#owner.mayAnswerHello(identity, marks, this.#instanceOnOtherNode))))
      return;
    const answered = await answerHello(this.#context, identity, hello, this.#exchange?.deviceKey ?? "");
    if (answered.kind === "stale") return this.#fail("replaced", "a newer link was accepted");
    if (answered.kind === "badSecretKey") return this.#fail("protocol", "a key for secrets of another device");
    if (answered.kind === "clone") return this.#quarantine(identity, answered.evidence);
    if (answered.kind === "unknownValue") {
      this.#context.log.warn({ ...this.#names, meaning: UNKNOWN_VALUE_MEANING }, "agent connection refused");
      return this.#fail("unauthorized", "the rolling value is not of this server");
    }
    if (this.#isClosed()) return;
    const { answer, offered } = answered;
    this.#exchange?.helloAnswered(answer.orders, offered, hello.features ?? []);
    this.#phase = "ready";
    if (hello.features?.includes(LIVE_OUTPUT)) this.#output = new DeviceOutput({ send: (frame) => this.#send(frame) });
    this.#context.log.info({ ...this.#names, heldOrders: hello.orders.length }, "agent connection ready");
    this.#send(answer);
    // Sent before any order, which may be signed by a key that the device does not know yet.
    const pins = pinsOf(hello, this.#serverKeyId, this.#version);
    const keys = orderKeysFrame(identity.machineId, this.#context.keys, pins);
    if (keys) this.#send(keys);
    this.#owner.ready(this, identity);
    this.checkForWork();
  }

  /** Two devices use the machine's key. All connections of the machine are closed. */
  async #quarantine(identity: ConnectionIdentity, evidence: CloneEvidence): Promise<void> {
    await quarantineMachine(this.#context, identity.machineId, evidence, [this.#marks?.journalId ?? ""]);
    this.#owner.closeAllOf(identity.machineId);
  }

  #send(frame: ServerFrame): void {
    if (this.#phase === "closed") return;
    if (this.#socket.bufferedBytes() > MAX_BUFFERED_BYTES) {
      this.#fail("silent", "the device does not read");
      return;
    }
    this.#socket.sendText(this.#codec.encode(frame, this.#context.clock.monotonicMs()));
  }

  /** @param closeText the reason for the close frame, if it is longer than the detail */
  #fail(reason: CloseReason, detail: string, closeText = this.#codec.closeReason(LINK_CLOSE[reason], detail)): void {
    if (this.#phase === "closed") return;
    this.#context.log.warn({ ...this.#names, reason, detail }, "agent connection closed by the server");
    this.#socket.close(LINK_CLOSE[reason], closeText);
    this.#ended(reason === "silent" ? this.#silence.silentMs : 0);
  }

  /** Fields of each log line. A logger of its own would take 1 KiB of each connection. */
  get #names(): object {
    return logFields(this.#socket.remoteAddress, this.#identity);
  }

  // TypeScript narrows `#phase` across an `await`; this asks again.
  #isClosed(): boolean {
    return this.#phase === "closed";
  }
}
