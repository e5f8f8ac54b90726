import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import {
  type AgentFrame,
  encodeHandshakeAnswer,
  enrollSigningBytes,
  handshakeSigningBytes,
  LINK_PATH,
  LINK_VERSION,
  type MachineFacts,
  parseServerFrame,
  type ServerFrame,
} from "@halligan/protocol/link";
import { textAt } from "../json.ts";
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
  readonly serverKeyId: string;
  readonly key: DeviceKey;
}

/** One link of such a device: it says what the test lets it say, so an order stays out as long as the test needs. */
export class TestDevice implements Disposable {
  readonly machineId: string;
  readonly ticket: string;
  readonly #socket: FrameSocket;

  private constructor(machineId: string, ticket: string, socket: FrameSocket) {
    this.machineId = machineId;
    this.ticket = ticket;
    this.#socket = socket;
  }

  static async link(baseUrl: string, { machineId, serverKeyId, key }: Enrolled): Promise<TestDevice> {
    const socket = new FrameSocket(`${baseUrl.replace(/^http/, "ws")}${LINK_PATH}`);
    const challenge = await socket.next();
    if (typeof challenge === "string") throw new Error("the server did not begin with a challenge");
    const claim = { version: LINK_VERSION, machineId, serverKeyId };
    const signature = sign(null, handshakeSigningBytes(challenge, claim), key.privateKey);
    socket.send(encodeHandshakeAnswer({ ...claim, signature }));
    const welcome = await frameOf(socket, "welcome");
    return new TestDevice(machineId, welcome.ticket, socket);
  }

  /** `facts`: as they were enrolled. */
  async hello(facts: MachineFacts): Promise<void> {
    const journalId = randomBytes(16).toString("hex");
    const continuity = { processId: randomBytes(16).toString("hex"), rollingValue: null };
    this.#send({ type: "hello", journalId, highestOrderSeq: 0, orders: [], continuity, facts });
    await frameOf(this.#socket, "helloAnswer");
  }

  /** Waits for the order of the action that was asked for. */
  async order(): Promise<void> {
    await frameOf(this.#socket, "order");
  }

  #send(frame: AgentFrame): void {
    this.#socket.send(JSON.stringify(frame));
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }
}

type FrameOf<T extends ServerFrame["type"]> = Extract<ServerFrame, { type: T }>;

async function frameOf<T extends ServerFrame["type"]>(socket: FrameSocket, type: T): Promise<FrameOf<T>> {
  const received = await socket.next();
  const frame = typeof received === "string" ? parseServerFrame(received) : null;
  if (frame === null || !isOfType(frame, type)) throw new Error(`not a ${type}: ${received}`);
  return frame;
}

const isOfType = <T extends ServerFrame["type"]>(frame: ServerFrame, type: T): frame is FrameOf<T> =>
  frame.type === type;
