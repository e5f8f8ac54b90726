import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import {
  type AgentFrame,
  enrollSigningBytes,
  LINK_PATH,
  LINK_VERSION,
  type MachineFacts,
  type OrderKey,
  parseServerFrame,
  type ServerFrame,
} from "@halligan/protocol/link";
import { DeviceHandshake, FrameSeal, type LinkKeys } from "@halligan/protocol/link-crypto";
import { textAt } from "../support/json.ts";
import { FrameSocket } from "./frame-socket.ts";

/** The key pair of a device that is nowhere but in a test. */
export class DeviceKey {
  readonly #pair = generateKeyPairSync("ed25519");
  /** Raw, in base64url. */
  readonly publicKey: string = textAt(this.#pair.publicKey.export({ format: "jwk" }), "x");

  get privateKey(): KeyObject {
    return this.#pair.privateKey;
  }

  proof(token: string): string {
    return sign(null, enrollSigningBytes(token, this.publicKey), this.privateKey).toString("base64url");
  }
}

export interface Enrolled {
  readonly machineId: string;
  readonly serverKey: OrderKey;
  readonly key: DeviceKey;
}

/**
 * One link of such a device: it says what the test lets it say, so an order stays out as long as
 * the test needs.
 */
export class TestDevice implements Disposable {
  readonly machineId: string;
  readonly ticket: string;
  readonly #socket: FrameSocket;
  readonly #toServer: FrameSeal;
  readonly #toAgent: FrameSeal;

  private constructor(machineId: string, ticket: string, socket: FrameSocket, keys: LinkKeys) {
    this.machineId = machineId;
    this.ticket = ticket;
    this.#socket = socket;
    this.#toServer = new FrameSeal(keys.toServer);
    this.#toAgent = new FrameSeal(keys.toAgent);
  }

  static async link(baseUrl: string, { machineId, serverKey, key }: Enrolled): Promise<TestDevice> {
    const socket = new FrameSocket(`${baseUrl.replace(/^http/, "ws")}${LINK_PATH}`);
    const challenge = await socket.next();
    if (typeof challenge === "string") throw new Error("the server did not begin with a challenge");
    const claim = { version: LINK_VERSION, machineId, serverKeyId: serverKey.keyId };
    const handshake = new DeviceHandshake(challenge, claim, key.privateKey);
    socket.send(handshake.answer);
    const welcome = frameOf(await socket.next(), "signedWelcome");
    const opened = handshake.open(welcome, createPublicKey({ key: jwkOf(serverKey), format: "jwk" }));
    if (!opened) throw new Error("the server did not prove itself");
    return new TestDevice(machineId, opened.content.ticket, socket, opened.keys);
  }

  /** `facts`: as they were enrolled. */
  async hello(facts: MachineFacts): Promise<void> {
    const journalId = randomBytes(16).toString("hex");
    const continuity = { processId: randomBytes(16).toString("hex"), rollingValue: null };
    // The device claims to have the newest set of order keys, so the server sends it none.
    const orderKeySet = Number.MAX_SAFE_INTEGER;
    this.#send({ type: "hello", journalId, highestOrderSeq: 0, orders: [], orderKeySet, continuity, facts });
    await this.#next("helloAnswer");
  }

  /** Waits for the order of the action that was asked for. */
  async order(): Promise<void> {
    await this.#next("order");
  }

  #send(frame: AgentFrame): void {
    this.#socket.send(this.#toServer.seal(JSON.stringify(frame)));
  }

  async #next(type: ServerFrame["type"]): Promise<void> {
    const received = await this.#socket.next();
    const text = typeof received === "string" ? this.#toAgent.open(received) : null;
    frameOf(text?.slice(text.indexOf("{")) ?? null, type);
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

type FrameOf<T extends ServerFrame["type"]> = Extract<ServerFrame, { type: T }>;

const jwkOf = ({ publicKey: x }: OrderKey) => ({ kty: "OKP", crv: "Ed25519", x });

function frameOf<T extends ServerFrame["type"]>(received: unknown, type: T): FrameOf<T> {
  const frame = typeof received === "string" ? parseServerFrame(received) : null;
  if (frame === null || !isOfType(frame, type)) throw new Error(`not a ${type}: ${received}`);
  return frame;
}

const isOfType = <T extends ServerFrame["type"]>(frame: ServerFrame, type: T): frame is FrameOf<T> =>
  frame.type === type;
