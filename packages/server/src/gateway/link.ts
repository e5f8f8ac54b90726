import {
  type AgentFrame,
  CHALLENGE_BYTES,
  decodeHandshakeAnswer,
  type Ended,
  HANDSHAKE_TIMEOUT_MS,
  type HandshakeAnswer,
  type HandshakeTranscript,
  HELLO_BOUNDS,
  type Hello,
  type Kept,
  LINK_CLOSE,
  LINK_VERSION,
  OLDEST_LINK_VERSION,
  parseAgentFrame,
  REPORT_BOUNDS,
  type Refused,
  SEALED_SINCE_VERSION,
  type ServerFrame,
  type Started,
} from "@halligan/protocol/link";
import { DeviceKey } from "../auth/device-key.ts";
import { signLinkTicket } from "../auth/link-ticket.ts";
import { checkSignedEnd } from "../auth/signed-end.ts";
import type { CloneEvidence, RollingValue } from "../domain/clone-detection.ts";
import { isFinal } from "../domain/machine-action.ts";
import type { OrderKeyPair, ServiceContext } from "../service/context.ts";
import {
  acceptLink,
  answerHello,
  closeLink,
  type DeviceMarks,
  type LinkIdentity,
  type RefusedLink,
  recordKept,
  type SentOrder,
} from "../service/link-lifecycle.ts";
import {
  type Recorded,
  type RecordedStart,
  recordClosed,
  recordEnded,
  recordRefused,
  recordStarted,
} from "../service/machine-reports.ts";
import { nextForLink } from "../service/next-order.ts";
import { QUARANTINE_REMEDY, quarantineMachine } from "../service/quarantine-machine.ts";
import type { MachineRefusal } from "./connection-budget.ts";
import { type LinkSeal, sealedWelcome, signedRefusal } from "./link-seal.ts";
import type { LinkSocket, LinkSocketEvents } from "./link-socket.ts";
import { orderKeysFrame } from "./order-keys-frame.ts";
import { signOrder } from "./order-signature.ts";

const PROBE_NONCE_BYTES = 16;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** What one link may hold back: frames waiting to be handled, and bytes that the device does not read. */
const MAX_WAITING_FRAMES = 256;
const MAX_BUFFERED_BYTES = 8 * 1024 * 1024;
/** Silent for this many ping intervals: the link is given up. */
const SILENT_INTERVALS = 3;
/** From the welcome to the hello. Pings do not extend it. */
const HELLO_TIMEOUT_MS = 10_000;

/** What whoever reads the log can do about it. */
const REFUSAL_MEANINGS: Readonly<Record<RefusedLink["reason"], string>> = {
  unknownServerKey:
    "the device pins an order key that is not accepted here: put that key back as order-previous.pem, sign the present keys " +
    "with the recovery key (halligan-server sign-order-keys), or enroll it anew",
  unknownMachine: "no such machine is enrolled here: enroll it anew, or see whether it looks for another server",
  badSignature: "the answer was not signed by a key of this machine",
  retired: "the machine was retired: reinstate it, or remove its agent",
  machineRate: "the machine connects too often: see in the agent's log why its connections end",
  noRoom: "as many machines are connected as HALLIGAN_MAX_LINKS allows",
  quarantined: `two devices use this machine's key. ${QUARANTINE_REMEDY}`,
};

/** The others are `unauthorized`, which says nothing about why. */
const REFUSAL_CLOSE: Readonly<Partial<Record<RefusedLink["reason"], keyof typeof LINK_CLOSE>>> = {
  quarantined: "quarantined",
  retired: "retired",
  machineRate: "tooOften",
  noRoom: "goingAway",
};

const UNKNOWN_VALUE_MEANING =
  "the device presents a rolling value that is newer than all that is known here and was signed by another key: put that " +
  "key back as link-ticket-previous.key, or remove the device's data folder and enroll it with a new token";

/** Of a link's hello. */
export type LinkMarks = DeviceMarks & { journalId: string };

export interface LinkOwner {
  /** The device proved the machine's key. Null when the link may go on. */
  proves(link: Link, machineId: string): MachineRefusal | null;
  /** The store has given the link its epoch. */
  proven(link: Link, identity: LinkIdentity): void;
  /** Whether a hello with these marks may be answered. May take a ping interval; when it answers false it has closed the link. */
  admits(identity: LinkIdentity, marks: LinkMarks, leftNode: DeviceMarks | null): Promise<boolean>;
  /** Closes every link of a machine that was put in quarantine, this one as well. */
  closeAllOf(machineId: string): void;
  /** The link is accepted and its hello answered: it takes the machine's place from any older one. */
  ready(link: Link, identity: LinkIdentity): void;
  ended(link: Link): void;
}

/**
 * One device's connection from challenge to close. Frames are handled one after another, in the order they came, because
 * each may write. It sends what the store says has to be sent (`nextForLink`); it decides nothing by itself.
 */
export class Link implements LinkSocketEvents {
  readonly #context: ServiceContext;
  readonly #socket: LinkSocket;
  readonly #owner: LinkOwner;
  readonly #pingIntervalMs: number;
  /** Null once it is answered: of an idle link nothing stays that it does not need. */
  #challenge: Uint8Array | null;
  #phase: "answer" | "hello" | "ready" | "closed" = "answer";
  #identity: LinkIdentity | null = null;
  /** The order key that the device named: it believes what that one signs. */
  #serverKeyId = "";
  #version = LINK_VERSION;
  #deviceKey: DeviceKey | null = null;
  /** From the welcome on; null in link version 1. */
  #seal: LinkSeal | null = null;
  #leftNode: DeviceMarks | null = null;
  #marks: LinkMarks | null = null;
  /** The rolling value of the hello's answer, until the device has confirmed it: no start is granted before. */
  #unkept: RollingValue | null = null;
  #lastFrameAtMs: number;
  #welcomedAtMs = 0;
  /** Of the handshake and the hello. */
  #cancelTimer: () => void;
  #cancelSilence: () => void = () => undefined;
  #waitingFrames = 0;
  /** The chain that makes work strictly one after another. */
  #work: Promise<void> = Promise.resolve();
  #pumpQueued = false;
  /** Those who wait for a sign of life. They are given the nonce of an answered probe, or null for any other frame. */
  readonly #listeners = new Set<(nonce: string | null) => void>();
  /** Told when the link has ended: who must not wait longer than it lasts. */
  readonly #waiters = new Set<() => void>();
  /** What was sent on this link and needs no repeating on it. */
  readonly #sentOrders = new Set<number>();
  readonly #sentEnds = new Set<number>();
  /** The last order whose refusal was logged, by code. */
  readonly #loggedRefusals = new Map<Refused["code"], number>();
  /** One order is out at a time. Sent again on this link, it keeps its first moment. */
  #lastSent: SentOrder | null = null;

  constructor(context: ServiceContext, socket: LinkSocket, owner: LinkOwner, options: { pingIntervalMs: number }) {
    this.#context = context;
    this.#socket = socket;
    this.#owner = owner;
    this.#pingIntervalMs = options.pingIntervalMs;
    this.#lastFrameAtMs = context.clock.monotonicMs();
    const challenge = context.ids.random(CHALLENGE_BYTES);
    this.#challenge = challenge;
    this.#cancelTimer = context.clock.after(HANDSHAKE_TIMEOUT_MS, () => this.#handshakeTimeout());
    socket.sendBinary(challenge);
  }

  get identity(): LinkIdentity | null {
    return this.#identity;
  }

  get isReady(): boolean {
    return this.#phase === "ready";
  }

  /** Null before its hello. */
  get marks(): LinkMarks | null {
    return this.#marks;
  }

  /**
   * True as soon as the device proves that its process runs now; false when the link ends, or `withinMs` pass, before that.
   * Only the answer to a probe proves it: frames that a process sent before it ended may arrive later. In link version 1,
   * which has no probe, any frame has to do.
   */
  async provesAlive(withinMs: number): Promise<boolean> {
    const heard = Promise.withResolvers<boolean>();
    const nonce = this.#version === OLDEST_LINK_VERSION ? null : hex(this.#context.ids.random(PROBE_NONCE_BYTES));
    const listener = (answered: string | null) => {
      if (nonce === null || answered === nonce) heard.resolve(true);
    };
    this.#listeners.add(listener);
    if (nonce !== null) this.#send({ type: "probe", nonce });
    const cancelTimer = this.#context.clock.after(withinMs, () => heard.resolve(false));
    try {
      return await this.#unlessOver(heard.promise);
    } finally {
      cancelTimer();
      this.#listeners.delete(listener);
    }
  }

  binary(frame: Uint8Array): void {
    if (this.#phase !== "answer" || this.#waitingFrames > 0) {
      this.#fail("protocol", "a binary frame out of turn");
      return;
    }
    this.#enqueue(() => this.#answered(frame));
  }

  text(frame: string): void {
    this.#lastFrameAtMs = this.#context.clock.monotonicMs();
    if (this.#phase === "answer" || this.#waitingFrames >= MAX_WAITING_FRAMES) {
      this.#fail("protocol", "a text frame out of turn, or too many at once");
      return;
    }
    const json = this.#seal ? this.#seal.open(frame) : frame;
    if (json === null) {
      this.#fail("protocol", "a frame was changed, repeated, left out or moved on the way");
      return;
    }
    const parsed = parseAgentFrame(json, this.#phase === "hello" ? HELLO_BOUNDS : REPORT_BOUNDS);
    if (!parsed) {
      this.#fail("protocol", "not a frame of this protocol, or one that is too large");
      return;
    }
    for (const heard of this.#listeners) heard(parsed.type === "probeAnswer" ? parsed.nonce : null);
    if (parsed.type === "probeAnswer") return;
    this.#enqueue(() => this.#handle(parsed));
  }

  /** The socket is gone, by whoever's doing. */
  closed(): void {
    if (this.#phase === "closed") return;
    this.#phase = "closed";
    for (const over of this.#waiters) over();
    this.#cancelTimer();
    this.#cancelSilence();
    const identity = this.#identity;
    this.#owner.ended(this);
    if (identity)
      this.#work = this.#work
        .then(() => closeLink(this.#context, identity, this.#lastSent))
        .catch((cause: unknown) => this.#logFailure(cause));
    this.#context.log.info(this.#names, "link closed");
  }

  /** Ends the link; resolves when everything it had begun is written. */
  async close(reason: keyof typeof LINK_CLOSE, detail: string): Promise<void> {
    if (this.#phase !== "closed") this.#socket.close(LINK_CLOSE[reason], this.#closeReason(reason, detail));
    this.closed();
    await this.#work;
  }

  /** The store may have something for this machine. */
  pump(): void {
    if (this.#phase !== "ready" || this.#pumpQueued) return;
    this.#pumpQueued = true;
    this.#chain(() => {
      this.#pumpQueued = false;
      return this.#sendNext();
    });
  }

  /** Called at intervals: an order that was refused as late or busy is sent again. */
  retry(): void {
    this.#sentOrders.clear();
    this.#sentEnds.clear();
    this.pump();
  }

  async #answered(frame: Uint8Array): Promise<void> {
    const answer = decodeHandshakeAnswer(frame);
    const challenge = this.#challenge;
    this.#challenge = null;
    if (!challenge) return this.#fail("protocol", "a second answer");
    if (!answer) return this.#fail("unauthorized", "the answer has the wrong size");
    const transcript = { challenge, answer: frame };
    if (answer.version < OLDEST_LINK_VERSION || answer.version > LINK_VERSION) {
      const versions = `${OLDEST_LINK_VERSION} to ${LINK_VERSION}`;
      return this.#fail("protocol", `this server speaks link versions ${versions}, not ${answer.version}`);
    }
    this.#version = answer.version;
    const accepted = await acceptLink(this.#context, challenge, answer, this.#socket.remoteAddress, (machineId) =>
      this.#isClosed() ? "noRoom" : this.#owner.proves(this, machineId),
    );
    if (this.#isClosed() && accepted.kind === "refused") return;
    if (accepted.kind === "refused") {
      const meaning = REFUSAL_MEANINGS[accepted.reason];
      this.#context.log.warn(
        { ...this.#names, machineId: answer.machineId, reason: accepted.reason, meaning },
        "link refused",
      );
      const { set } = this.#context.keys.recovery;
      if (accepted.reason === "unknownServerKey" && set && answer.version >= SEALED_SINCE_VERSION) {
        // It names keys and no secret, so that it may be sent to any caller.
        this.#send({ type: "orderKeys", ...set });
      }
      return this.#refuse(accepted.reason, answer, transcript);
    }
    const { machineId, linkEpoch } = accepted;
    this.#identity = { machineId, linkEpoch, remoteAddress: this.#socket.remoteAddress };
    this.#serverKeyId = answer.serverKeyId;
    this.#leftNode = accepted.leftNode;
    this.#deviceKey = new DeviceKey(accepted.deviceKey);
    if (this.#phase === "closed") return closeLink(this.#context, this.#identity);
    this.#phase = "hello";
    this.#owner.proven(this, this.#identity);
    this.#welcomedAtMs = this.#context.clock.monotonicMs();
    this.#watchSilence();
    const welcome = {
      linkVersion: answer.version,
      linkEpoch: accepted.linkEpoch,
      serverTimeMs: this.#context.clock.nowMs(),
      ticket: signLinkTicket(accepted, this.#context.keys.linkTicket.signing),
      pingIntervalMs: this.#pingIntervalMs,
    };
    if (answer.version < SEALED_SINCE_VERSION) return this.#send({ type: "welcome", ...welcome });
    const signed = sealedWelcome(
      transcript,
      answer.ephemeralKey,
      welcome,
      this.#namedKey(answer),
      this.#context.clock.monotonicMs(),
    );
    if (!signed) return this.#fail("protocol", "the device's ephemeral key is none");
    this.#send(signed.frame);
    this.#seal = signed.seal;
  }

  /** A device of link version 2 believes only a signed refusal when that would end what it runs. */
  #refuse(reason: RefusedLink["reason"], answer: HandshakeAnswer, transcript: HandshakeTranscript): void {
    const words = "not accepted";
    const close = REFUSAL_CLOSE[reason] ?? "unauthorized";
    // The others end or delay one attempt, as any proxy can.
    const isBelieved = close === "quarantined" || close === "retired";
    if (!isBelieved || answer.version < SEALED_SINCE_VERSION) this.#fail(close, words);
    else this.#fail(close, words, signedRefusal(transcript, LINK_CLOSE[close], words, this.#namedKey(answer)));
  }

  /** The order key that the device named, which is accepted here. */
  #namedKey({ serverKeyId }: HandshakeAnswer): OrderKeyPair {
    const { order } = this.#context.keys;
    return order.accepted.find(({ keyId }) => keyId === serverKeyId) ?? order.signing;
  }

  async #handle(frame: AgentFrame): Promise<void> {
    const identity = this.#identity;
    if (!identity || this.#phase === "closed") return;
    if (frame.type === "ping") return this.#send({ type: "pong", serverTimeMs: this.#context.clock.nowMs() });
    if (frame.type === "hello") return this.#hello(identity, frame);
    if (this.#phase !== "ready") return this.#fail("protocol", "a report before the hello");
    switch (frame.type) {
      case "kept":
        return this.#kept(identity, frame);
      case "started":
        return this.#started(identity, frame);
      case "ended":
        return this.#ended(identity, frame);
      case "closed": {
        const recorded = await recordClosed(this.#context, identity, frame);
        // An order that the store does not know was ended too, and nothing of it is wanted.
        if (recorded.kind !== "stale") this.#forget(frame.actionId, frame.orderSeq);
        this.pump();
        return;
      }
      case "refused":
        return this.#refused(identity, frame);
    }
  }

  async #hello(identity: LinkIdentity, hello: Hello): Promise<void> {
    if (this.#phase !== "hello" || this.#marks !== null) return this.#fail("protocol", "a second hello");
    const { journalId, continuity } = hello;
    if ((continuity === undefined) !== (this.#version === OLDEST_LINK_VERSION)) {
      return this.#fail("protocol", `not a hello of link version ${this.#version}`);
    }
    const marks = { journalId, processId: continuity?.processId ?? null };
    this.#marks = marks;
    if (!(await this.#unlessOver(this.#owner.admits(identity, marks, this.#leftNode)))) return;
    const answered = await answerHello(this.#context, identity, hello);
    if (answered.kind === "stale") return this.#fail("replaced", "a newer link was accepted");
    if (answered.kind === "clone") return this.#quarantine(identity, answered.evidence);
    if (answered.kind === "unknownValue") {
      this.#context.log.warn({ ...this.#names, meaning: UNKNOWN_VALUE_MEANING }, "link refused");
      return this.#fail("unauthorized", "the rolling value is not of this server");
    }
    if (this.#isClosed()) return;
    const { answer } = answered;
    this.#unkept = answered.offered;
    for (const { orderSeq, verdict } of answer.orders) {
      if (verdict === "end") this.#sentEnds.add(orderSeq);
      this.#sentOrders.add(orderSeq);
    }
    this.#phase = "ready";
    this.#cancelTimer();
    this.#context.log.info({ ...this.#names, heldOrders: hello.orders.length }, "link ready");
    this.#send(answer);
    // Before any order: it may be signed by a key that the device does not know yet.
    const pinned = [this.#serverKeyId, ...(hello.orderKeyIds ?? []).slice(1)];
    const pins = { version: this.#version, keyIds: pinned, setNumber: hello.orderKeySet ?? 0 };
    const keys = orderKeysFrame(identity.machineId, this.#context.keys, pins);
    if (keys) this.#send(keys);
    this.#owner.ready(this, identity);
    this.pump();
  }

  /** A value of another connection, written late, confirms nothing: the device has this one's as well by now, or will. */
  async #kept(identity: LinkIdentity, { rollingValue }: Kept): Promise<void> {
    const unkept = this.#unkept;
    if (unkept?.text !== rollingValue) return;
    if (!(await recordKept(this.#context, identity, unkept))) {
      return this.#fail("replaced", "a newer link was accepted");
    }
    this.#unkept = null;
  }

  async #started(identity: LinkIdentity, frame: Started): Promise<void> {
    const sent = this.#lastSent?.orderSeq === frame.orderSeq ? this.#lastSent : null;
    const recorded = await recordStarted(this.#context, identity, frame, sent?.atMs ?? null);
    if (recorded.kind === "twoDevices") {
      return this.#quarantine(identity, "TwoStarts");
    }
    if (!this.#check(recorded)) return;
    const { actionId, orderSeq, index, startId } = frame;
    // The device reports it again once it has confirmed its rolling value.
    if (recorded.isGranted && !this.#unkept) this.#send({ type: "startGranted", actionId, orderSeq, index, startId });
  }

  /** Proven on this link. The others of the machine are told as well. */
  async #quarantine(identity: LinkIdentity, evidence: CloneEvidence): Promise<void> {
    await quarantineMachine(this.#context, identity.machineId, evidence, [this.#marks?.journalId ?? ""]);
    this.#owner.closeAllOf(identity.machineId);
  }

  async #ended(identity: LinkIdentity, frame: Ended): Promise<void> {
    const key = this.#deviceKey;
    const evidence = key && (await checkSignedEnd(frame, identity.machineId, key, this.#context.checkSignature));
    if (this.#seal !== null && evidence === null) {
      return this.#fail("protocol", "the device did not sign what it reports");
    }
    const recorded = await recordEnded(this.#context, identity, frame, evidence);
    if (!this.#check(recorded)) return;
    this.#send({ type: "ack", actionId: frame.actionId, orderSeq: frame.orderSeq, index: frame.index });
    // The action that this end finished was the machine's open one, so there is no other to look for.
    if (!recorded.hasFinished && recorded.action.order?.state === "closed") this.pump();
  }

  async #refused(identity: LinkIdentity, frame: Refused): Promise<void> {
    const { actionId, orderSeq, code } = frame;
    const recorded = await recordRefused(this.#context, identity, frame);
    if (!this.#check(recorded)) return;
    // A device may say so as often as it likes: one line for each order and code, and none for what is over.
    const isOver = isFinal(recorded.action.status) && !recorded.hasFinished;
    if (!isOver && (this.#loggedRefusals.get(code) ?? 0) < orderSeq) {
      this.#loggedRefusals.set(code, orderSeq);
      this.#context.log.warn({ ...this.#names, actionId, code }, "order refused by its device");
    }
    this.pump();
  }

  async #sendNext(): Promise<void> {
    const identity = this.#identity;
    if (!identity || this.#phase !== "ready") return;
    const next = await nextForLink(this.#context, identity);
    if (this.#isClosed() || next.type === "idle") return;
    if (next.type === "retired") return this.#fail("retired", "the machine was retired");
    if (next.type === "stale") {
      // While a newer link with another journal waits for this device's word, this one tells whether they are two.
      if (this.#listeners.size === 0) this.#fail("replaced", "a newer link was accepted");
      return;
    }
    if (next.type === "end") {
      if (this.#sentEnds.has(next.orderSeq)) return;
      this.#sentEnds.add(next.orderSeq);
      this.#send(next);
      return;
    }
    if (this.#sentOrders.has(next.order.orderSeq)) return;
    this.#sentOrders.add(next.order.orderSeq);
    this.#context.log.info(
      { ...this.#names, actionId: next.order.actionId, orderSeq: next.order.orderSeq },
      "order sent",
    );
    this.#send(signOrder(next.order, this.#context.keys.order.signing));
    if (this.#lastSent?.orderSeq !== next.order.orderSeq) {
      this.#lastSent = { orderSeq: next.order.orderSeq, atMs: this.#context.clock.nowMs() };
    }
  }

  /** True when the report was recorded; otherwise it ended the link, or is about an order of which nothing is known here. */
  #check<R extends Recorded | RecordedStart>(recorded: R): recorded is Extract<R, { kind: "recorded" }> {
    if (recorded.kind === "illegal") this.#fail("protocol", recorded.detail);
    if (recorded.kind === "stale") this.#fail("replaced", "a newer link was accepted");
    return recorded.kind === "recorded";
  }

  /** What `work` comes to, or false when the link ends before. */
  async #unlessOver(work: Promise<boolean>): Promise<boolean> {
    if (this.#isClosed()) return false;
    const over = Promise.withResolvers<false>();
    const waiter = () => over.resolve(false);
    this.#waiters.add(waiter);
    try {
      return await Promise.race([work, over.promise]);
    } finally {
      this.#waiters.delete(waiter);
    }
  }

  #forget(actionId: string, orderSeq: number): void {
    this.#send({ type: "forget", actionId, orderSeq });
  }

  #send(frame: ServerFrame): void {
    if (this.#phase === "closed") return;
    if (this.#socket.bufferedBytes() > MAX_BUFFERED_BYTES) {
      this.#fail("silent", "the device does not read");
      return;
    }
    const json = JSON.stringify(frame);
    this.#socket.sendText(this.#seal ? this.#seal.seal(json, this.#context.clock.monotonicMs()) : json);
  }

  #watchSilence(): void {
    const limitMs = this.#pingIntervalMs * SILENT_INTERVALS;
    const silentMs = this.#context.clock.monotonicMs() - this.#lastFrameAtMs;
    if (silentMs >= limitMs) {
      this.#fail("silent", "no frame for three ping intervals");
      return;
    }
    this.#cancelSilence = this.#context.clock.after(limitMs - silentMs, () => this.#watchSilence());
  }

  /** The same timer waits for the answer and for the hello, because each one costs memory as long as it runs. */
  #handshakeTimeout(): void {
    // A hello that was received is answered as soon as the server can.
    if (this.#marks) return;
    const leftMs = this.#welcomedAtMs + HELLO_TIMEOUT_MS - this.#context.clock.monotonicMs();
    if (this.#phase === "answer") this.#fail("silent", "no answer in time");
    else if (leftMs <= 0) this.#fail("silent", "no hello in time");
    else this.#cancelTimer = this.#context.clock.after(leftMs, () => this.#handshakeTimeout());
  }

  /** @param proven the reason of the close frame where that is more than the detail */
  #fail(reason: keyof typeof LINK_CLOSE, detail: string, proven = this.#closeReason(reason, detail)): void {
    if (this.#phase === "closed") return;
    this.#context.log.warn({ ...this.#names, reason, detail }, "link given up");
    this.#socket.close(LINK_CLOSE[reason], proven);
    this.closed();
  }

  #closeReason(reason: keyof typeof LINK_CLOSE, detail: string): string {
    return this.#seal ? this.#seal.close(LINK_CLOSE[reason], detail) : detail;
  }

  #enqueue(work: () => Promise<void>): void {
    this.#waitingFrames += 1;
    this.#chain(async () => {
      try {
        await work();
      } finally {
        this.#waitingFrames -= 1;
      }
    });
  }

  #chain(work: () => Promise<void>): void {
    this.#work = this.#work.then(work).catch((cause: unknown) => {
      this.#logFailure(cause);
      // Nothing was acknowledged: the device reports it again on its next link.
      this.#fail("goingAway", "the server could not handle a frame");
    });
  }

  /** On each of its log lines. No logger of its own: that is a kilobyte for as long as the link lasts. */
  get #names(): object {
    return { remoteAddress: this.#socket.remoteAddress, ...this.#identity };
  }

  #logFailure(cause: unknown): void {
    this.#context.log.error({ ...this.#names, err: cause }, "link work failed");
  }

  // TypeScript narrows #phase across an await; a closed link shows only by asking again.
  #isClosed(): boolean {
    return this.#phase === "closed";
  }
}
