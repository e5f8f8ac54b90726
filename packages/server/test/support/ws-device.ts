import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import {
  encodeHandshakeAnswer,
  type Hello,
  handshakeSigningBytes,
  LINK_PATH,
  OLDEST_LINK_VERSION,
  parseServerFrame,
  type ServerFrame,
} from "@halligan/protocol/link";
import { WebSocket } from "ws";
import { until } from "../../../protocol/test/support/until.ts";
import type { ServiceContext } from "../../src/service/context.ts";
import { sampleMachine } from "../unit/domain/sample-action.ts";

/** One connection of a device over a real socket. It sends nothing by itself. */
export class WsConnection {
  readonly frames: ServerFrame[] = [];
  challenge: Uint8Array | null = null;
  /** 0: closed without a code, or the upgrade was refused. */
  closeCode: number | null = null;
  /** Status of a refused upgrade. */
  status: number | null = null;
  retryAfter: string | undefined;
  readonly socket: WebSocket;

  constructor(port: number, localAddress = "127.0.0.1") {
    this.socket = new WebSocket(`ws://127.0.0.1:${port}${LINK_PATH}`, { perMessageDeflate: false, localAddress });
    this.socket.on("unexpected-response", (request, response) => {
      this.status = response.statusCode ?? 0;
      this.retryAfter = response.headers["retry-after"];
      this.closeCode = 0;
      request.destroy();
    });
    this.socket.on("error", () => undefined);
    this.socket.on("message", (data, isBinary) => {
      const bytes = Buffer.isBuffer(data) ? data : Buffer.from([]);
      if (isBinary) this.challenge = bytes;
      else {
        const frame = parseServerFrame(bytes.toString("utf8"));
        if (frame) this.frames.push(frame);
      }
    });
    this.socket.on("close", (code) => {
      this.closeCode ??= code;
    });
  }

  has(type: ServerFrame["type"]): boolean {
    return this.frames.some((frame) => frame.type === type);
  }

  /** Resolves when the condition holds, or the connection is over. */
  async until(holds: () => boolean): Promise<boolean> {
    await until(() => holds() || this.closeCode !== null, "a frame of the server");
    return holds();
  }

  ended(): Promise<boolean> {
    return this.until(() => this.closeCode !== null);
  }
}

/**
 * A machine in the store with its key. It speaks link version 1, in which the test must send every
 * frame.
 */
export class WsDevice {
  readonly machineId: string;
  readonly #privateKey: KeyObject;
  readonly #serverKeyId: string;
  readonly #port: number;

  private constructor(port: number, machineId: string, serverKeyId: string, privateKey: KeyObject) {
    this.#port = port;
    this.machineId = machineId;
    this.#serverKeyId = serverKeyId;
    this.#privateKey = privateKey;
  }

  static async enroll({ store, keys }: Pick<ServiceContext, "store" | "keys">, port: number): Promise<WsDevice> {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const machineId = randomBytes(20).toString("hex");
    await store.write(async (tx) => {
      await tx.machines.insert(sampleMachine({ id: machineId, linked: false, connectionEpoch: 0, journalId: null }));
      const key = publicKey.export({ format: "jwk" }).x ?? "";
      await tx.machines.addKey({ machineId, publicKey: key, fromMs: 0, enrolledWith: "token" });
    });
    return new WsDevice(port, machineId, keys.order.signing.keyId, privateKey);
  }

  /** Connects up to the welcome. False when the server closed the connection before. */
  async handshake(connection = new WsConnection(this.#port)): Promise<[WsConnection, boolean]> {
    if (await connection.until(() => connection.challenge !== null)) this.answer(connection);
    return [connection, await connection.until(() => connection.has("welcome"))];
  }

  answer(connection: WsConnection): void {
    const claim = {
      version: OLDEST_LINK_VERSION,
      machineId: this.machineId,
      serverKeyId: this.#serverKeyId,
      ephemeralKey: new Uint8Array(),
    };
    const signed = handshakeSigningBytes(connection.challenge ?? new Uint8Array(32), claim);
    connection.socket.send(encodeHandshakeAnswer({ ...claim, signature: sign(null, signed, this.#privateKey) }));
  }

  /** Connects up to the hello's answer. False when the server closed the connection before. */
  async ready(connection = new WsConnection(this.#port)): Promise<[WsConnection, boolean]> {
    const [, isWelcome] = await this.handshake(connection);
    if (!isWelcome) return [connection, false];
    connection.socket.send(JSON.stringify(this.hello()));
    return [connection, await connection.until(() => connection.has("helloAnswer"))];
  }

  hello(): Hello {
    const { facts } = sampleMachine();
    return { type: "hello", journalId: "1".repeat(32), highestOrderSeq: 0, orders: [], facts };
  }
}
