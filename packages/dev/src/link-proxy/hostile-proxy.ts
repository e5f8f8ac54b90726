import { SEALED_SINCE_VERSION } from "@halligan/protocol/link";
import type { SeededRandom } from "../torture/seeded-random.ts";
import type { MovableClock } from "./recording-device.ts";
import { jsonOf, type LinkMessage, type ProxiedConnection, passOn, type Side, typeOf } from "./terminating-proxy.ts";

/** What it does to a message. */
export type Act = "pass" | "change" | "repeat" | "drop" | "reorder" | "delay" | "inject" | "replay" | "close";
const ACTS = ["change", "repeat", "drop", "reorder", "delay", "delay", "inject", "replay", "close"] as const;

/**
 * Share of all messages that are manipulated. Each manipulation except a delay ends the connection,
 * and some connections must last long enough to run a script.
 */
const HOSTILE_SHARE = 0.1;
const MAX_REMEMBERED = 200;
/**
 * After a dropped message, both sides wait. The proxy then ends the connection, and the next one
 * takes over.
 */
const CUT_AFTER_MS = 200;
/** Of the device's clock. Past the bound of 10 s a grant is worth nothing. */
const DELAYS_MS = [0, 3_000, 9_000, 11_000, 120_000] as const;
/**
 * Not 4401, which needs no proof and makes a device wait for 30 s: a proxy that drops everything
 * does no less.
 */
const CLOSE_CODES = [1000, 4400, 4409, 4410, 4423] as const;

interface Held {
  readonly messages: LinkMessage[];
}

/** What a proxy under an attacker's control does to the messages of one device, by chance. */
export class HostileProxy {
  /** False: passes everything on. */
  isHostile = true;
  /**
   * Messages that it sent on, sent twice, made up, or did not send, by what they are and what was
   * done.
   */
  readonly counts: Map<string, number>;
  readonly #random: SeededRandom;
  readonly #clock: () => MovableClock | null;
  /** Of all connections, by the side that sent them. */
  readonly #remembered: Record<Side, (Buffer | string)[]> = { agent: [], server: [] };
  readonly #held = new WeakMap<ProxiedConnection, Partial<Record<Side, Held>>>();
  readonly #swapped = new WeakMap<ProxiedConnection, LinkMessage>();
  #lastStarted = "";

  constructor(random: SeededRandom, counts: Map<string, number>, clock: () => MovableClock | null) {
    this.#random = random;
    this.counts = counts;
    this.#clock = clock;
  }

  take(message: LinkMessage, crossing: ProxiedConnection): void {
    const isStarted = typeOf(message) === "started";
    if (isStarted) this.#lastStarted = jsonOf(message);
    this.#remember(message);
    const held = this.#held.get(crossing)?.[message.from];
    if (held) {
      held.messages.push(message);
      return;
    }
    const act: Act = this.isHostile && this.#random.chance(HOSTILE_SHARE) ? this.#random.pick(ACTS) : "pass";
    this.#count(act, message);
    this.#do(act, message, crossing);
    const swapped = this.#swapped.get(crossing);
    if (act === "reorder" || swapped === undefined || swapped.from !== message.from) return;
    this.#swapped.delete(crossing);
    passOn(swapped, crossing);
  }

  #do(act: Act, message: LinkMessage, crossing: ProxiedConnection): void {
    const { from } = message;
    switch (act) {
      case "pass":
        passOn(message, crossing);
        break;
      case "change":
        send(from, this.#changed(message), crossing);
        break;
      case "repeat":
        passOn(message, crossing);
        passOn(message, crossing);
        break;
      case "drop":
        this.#cutSoon(crossing);
        break;
      case "reorder":
        this.#swapped.set(crossing, message);
        this.#cutSoon(crossing);
        break;
      case "delay":
        this.#delay(message, crossing);
        break;
      case "inject":
        send(from, from === "server" ? this.#ofServer(message) : this.#ofAgent(message), crossing);
        passOn(message, crossing);
        break;
      case "replay":
        send(from, this.#random.pickAny(this.#remembered[from]) ?? "", crossing);
        passOn(message, crossing);
        break;
      case "close":
        crossing.close(this.#random.pick(CLOSE_CODES));
    }
  }

  /** In the server's name. */
  #ofServer(message: LinkMessage): string {
    const made = [
      this.#lastStarted.replace('"type":"started"', '"type":"startGranted"'),
      jsonOf(message).replace(/"type":"(end|forget|ack)"/, '"type":"startGranted"'),
      '{"type":"helloAnswer","orders":[]}',
      '{"type":"pong","serverTimeMs":1}',
    ] as const;
    return this.#sealedLike(message, this.#random.pick(made));
  }

  /** In the device's name. */
  #ofAgent(message: LinkMessage): string {
    const { actionId = "", orderSeq = 1, index = 0 } = JSON.parse(this.#lastStarted || "{}");
    const ref = { actionId, orderSeq };
    const transcript = '{"script_name":"say.sh","exit_code":0,"script_output":"false output\\n","script_errors":""}';
    const result = { kind: "inline", transcript };
    const made = [
      { type: "ended", ...ref, index, outcome: "completed", errors: [], result },
      { type: "closed", ...ref, errors: [] },
      { type: "started", ...ref, index, startId: this.#random.hex(32) },
      { type: "ping" },
    ];
    return this.#sealedLike(message, JSON.stringify(this.#random.pickAny(made)));
  }

  /**
   * Without an authentication code, with that of another message, or with a random one; without a
   * time, or with a time of the connection far in the future.
   */
  #sealedLike(message: LinkMessage, json: string): string {
    const text = message.bytes.toString("utf8");
    const code = this.#random.pick(["", text.slice(0, 22), this.#random.bytes(17).toString("base64url").slice(0, 22)]);
    return `${code}${this.#random.pick(["", "0", "999999999"])}${json}`;
  }

  #changed({ bytes, isBinary }: LinkMessage): Buffer | string {
    const text = bytes.toString("utf8");
    const id = /[0-9a-f]{32}/.exec(text)?.[0] ?? "0";
    const flipped = Buffer.from(bytes);
    const at = this.#random.between(0, Math.max(0, flipped.length - 1));
    flipped[at] = (flipped[at] ?? 0) ^ (1 << this.#random.between(0, 7));
    if (isBinary) return this.#random.chance(0.5) ? flipped : downgraded(bytes);
    return this.#random.pick([
      flipped.toString("latin1"),
      text.replace(/^(.{22})\d+/, "$19999999"),
      text.replace(id, this.#random.hex(32)),
      text.replace("true output", "false output"),
      text.replace('"outcome":"completed"', '"outcome":"failed"'),
      text.replace(/"linkVersion":\d+/, '"linkVersion":1'),
      text.slice(22),
    ]);
  }

  /** Everything of this direction waits, so that nothing but the time shows it. */
  #delay(message: LinkMessage, crossing: ProxiedConnection): void {
    const held = { messages: [message] };
    this.#held.set(crossing, { ...this.#held.get(crossing), [message.from]: held });
    setTimeout(
      () => {
        this.#clock()?.advance(this.#random.pick(DELAYS_MS));
        this.#held.set(crossing, { ...this.#held.get(crossing), [message.from]: undefined });
        for (const late of held.messages) passOn(late, crossing);
      },
      this.#random.between(1, 60),
    ).unref();
  }

  #cutSoon(crossing: ProxiedConnection): void {
    setTimeout(() => crossing.close(), CUT_AFTER_MS).unref();
  }

  #remember({ from, bytes, isBinary }: LinkMessage): void {
    const list = this.#remembered[from];
    list.push(isBinary ? bytes : bytes.toString("utf8"));
    if (list.length > MAX_REMEMBERED) list.splice(this.#random.between(0, MAX_REMEMBERED - 1), 1);
  }

  #count(act: Act, message: LinkMessage): void {
    const name = `${act} ${typeOf(message) || (message.isBinary ? "handshake" : "other")}`;
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }
}

function send(from: Side, content: Buffer | string, crossing: ProxiedConnection): void {
  if (from === "agent") crossing.toServer(content);
  else crossing.toAgent(content);
}

/** An answer of the first link version, under the signature of the present one. */
function downgraded(answer: Buffer): Buffer {
  const plain = Buffer.concat([answer.subarray(0, 53), answer.subarray(-64)]);
  plain[0] = SEALED_SINCE_VERSION - 1;
  return plain;
}
