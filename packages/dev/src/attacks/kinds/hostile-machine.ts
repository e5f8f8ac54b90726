import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { request as sendRequest } from "node:http";
import {
  ENROLL_PATH,
  EnrollResponse,
  encodeHandshakeAnswer,
  enrollSigningBytes,
  handshakeSigningBytes,
  LINK_PATH,
  type MachineFacts,
  OLDEST_LINK_VERSION,
  PART_SHA256_HEADER,
  parseServerFrame,
  resultPartPath,
  type ServerFrame,
} from "@halligan/protocol/link";
import { sleep, systemClock } from "@halligan/protocol/time";
import { Value } from "typebox/value";
import { WebSocket } from "ws";
import type { World } from "../../world.ts";
import type { AttackTarget } from "../attack.ts";

/** Before the next try, where the server could not be reached. */
const RETRY_MS = 5;
const FACTS: MachineFacts = {
  computerDnsName: "hostile",
  osPlatform: "Linux",
  version: "12",
  osVersion: null,
  osBuild: null,
  osArchitecture: "64-bit",
  osProcessor: null,
  agentVersion: "0.1.0",
  ipAddresses: [],
};

/** Enrolls a machine whose key the attacker gets. */
export async function enrollHostile(world: World): Promise<Readonly<Record<string, string>>> {
  const { token } = await world.client.createEnrollmentToken({ uses: 1 });
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const text = publicKey.export({ format: "jwk" }).x ?? "";
  const proof = sign(null, enrollSigningBytes(token, text), privateKey).toString("base64url");
  const response = await fetch(`${world.credentials.baseUrl}${ENROLL_PATH}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token, publicKey: text, proof, facts: FACTS }),
  });
  const { machineId, orderKeys } = Value.Parse(EnrollResponse, await response.json());
  const pem = String(privateKey.export({ type: "pkcs8", format: "pem" }));
  return { machineId, serverKeyId: orderKeys[0]?.keyId ?? "", privateKey: pem };
}

/** A connection that sends only what the attack asks for. */
export class HostileConnection {
  readonly socket: WebSocket;
  readonly frames: ServerFrame[] = [];
  challenge: Buffer | null = null;
  /** `status429` of a refused upgrade, `code4409` of a closed connection, `lost` without either. */
  end: string | null = null;
  #changed = Promise.withResolvers<void>();

  constructor({ baseUrl, localAddress }: AttackTarget) {
    this.socket = new WebSocket(`${baseUrl.replace(/^http/, "ws")}${LINK_PATH}`, {
      perMessageDeflate: false,
      localAddress,
      handshakeTimeout: 10_000,
    });
    this.socket.on("unexpected-response", (request, response) => {
      this.#ended(`status${response.statusCode}`);
      request.destroy();
    });
    this.socket.on("error", () => this.#ended("lost"));
    this.socket.on("close", (code) => this.#ended(`code${code}`));
    this.socket.on("message", (data, isBinary) => {
      if (!Buffer.isBuffer(data)) return;
      if (isBinary) this.challenge = data;
      const frame = isBinary ? null : parseServerFrame(data.toString("utf8"));
      // Pongs of a flood are not kept.
      if (frame && frame.type !== "pong") this.frames.push(frame);
      this.#wake();
    });
  }

  has(type: ServerFrame["type"]): boolean {
    return this.frames.some((frame) => frame.type === type);
  }

  /** Until it holds, or the connection is over. */
  async until(holds: () => boolean): Promise<boolean> {
    while (!holds() && this.end === null) await this.#changed.promise;
    return holds();
  }

  send(frame: object): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  #ended(end: string): void {
    this.end ??= end;
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/**
 * An enrolled device that the attacker controls. It uses link version 1, which is the simplest for
 * an attacker.
 */
export class HostileMachine {
  readonly machineId: string;
  readonly #target: AttackTarget;
  readonly #serverKeyId: string;
  readonly #privateKey: KeyObject;

  constructor(target: AttackTarget) {
    const { machineId = "", serverKeyId = "", privateKey = "" } = target.given;
    this.#target = target;
    this.machineId = machineId;
    this.#serverKeyId = serverKeyId;
    this.#privateKey = createPrivateKey(privateKey);
  }

  /** A connection up to the welcome, or to its end. */
  async handshake(): Promise<HostileConnection> {
    const connection = new HostileConnection(this.#target);
    if (!(await connection.until(() => connection.challenge !== null))) {
      if (connection.end === "lost") await sleep(systemClock, RETRY_MS, undefined);
      return connection;
    }
    const claim = {
      version: OLDEST_LINK_VERSION,
      machineId: this.machineId,
      serverKeyId: this.#serverKeyId,
      ephemeralKey: new Uint8Array(),
    };
    const bytes = handshakeSigningBytes(connection.challenge ?? Buffer.alloc(32), claim);
    connection.socket.send(encodeHandshakeAnswer({ ...claim, signature: sign(null, bytes, this.#privateKey) }));
    await connection.until(() => connection.has("welcome"));
    return connection;
  }

  /** A connection up to the answer of its hello, or to its end. */
  async ready(held: readonly KnownOrder[] = []): Promise<HostileConnection> {
    const connection = await this.handshake();
    const orders = held.map((order) => ({ ...order, commands: [{ index: 0, state: "running" }] }));
    const highestOrderSeq = Math.max(0, ...held.map(({ orderSeq }) => orderSeq));
    connection.send({ type: "hello", journalId: "1".repeat(32), highestOrderSeq, orders, facts: FACTS });
    await connection.until(() => connection.has("helloAnswer"));
    return connection;
  }

  /** Up to the order that waits for this machine; null when the connection ends before. */
  async takeOrder(held: readonly KnownOrder[] = []): Promise<TakenOrder | null> {
    const connection = await this.ready(held);
    const [known] = held;
    if (!(await connection.until(() => connection.has(known ? "helloAnswer" : "order")))) return null;
    const welcome = connection.frames.find((frame) => frame.type === "welcome");
    const order = connection.frames.find((frame) => frame.type === "order");
    const { actionId, orderSeq }: KnownOrder = known ?? JSON.parse(order?.payload ?? "");
    return { connection, ticket: welcome?.ticket ?? "", order: { actionId, orderSeq } };
  }

  /** The status of the response; null when there was none. */
  putPart(ticket: string, upload: PartUpload, signal: AbortSignal): Promise<number | null> {
    const { actionId, index, uploadId, part, bytes, sha256 } = upload;
    return new Promise((resolve) => {
      const request = sendRequest(`${this.#target.baseUrl}${resultPartPath(actionId, index, uploadId, part)}`, {
        method: "PUT",
        localAddress: this.#target.localAddress,
        signal,
        headers: {
          authorization: `Ticket ${ticket}`,
          [PART_SHA256_HEADER]: sha256,
          "content-length": bytes.length,
        },
      });
      let status: number | null = null;
      request.on("response", (response) => {
        status = response.statusCode ?? null;
        response.resume();
        // An attacker does not wait until the server ends the connection of a part that it did not
        // want.
        if (!request.writableFinished) request.destroy();
      });
      request.on("error", () => undefined);
      request.on("close", () => resolve(status));
      request.end(bytes);
    });
  }
}

export interface KnownOrder {
  actionId: string;
  orderSeq: number;
}

export interface TakenOrder {
  connection: HostileConnection;
  ticket: string;
  order: KnownOrder;
}

export interface PartUpload {
  actionId: string;
  index: number;
  uploadId: string;
  part: number;
  bytes: Uint8Array;
  sha256: string;
}

/** Counts of an attack, by name. */
export class Counts {
  readonly #counts = new Map<string, number>();

  add(name: string, count = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + count);
  }

  all(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}
