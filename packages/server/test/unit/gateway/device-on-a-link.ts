import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import {
  type AgentFrame,
  encodeHandshakeAnswer,
  type Hello,
  handshakeSigningBytes,
  OLDEST_LINK_VERSION,
  parseServerFrame,
  type ServerFrame,
} from "@halligan/protocol/link";
import type { Gateway } from "../../../src/gateway/gateway.ts";
import type { LinkSocketEvents } from "../../../src/gateway/link-socket.ts";
import { MACHINE_ID, sampleMachine } from "../domain/sample-action.ts";
import type { Service } from "../service/service-fixture.ts";

/** The device's side of one link, without a network between. */
export class DeviceOnALink {
  readonly frames: ServerFrame[] = [];
  closeCode: number | null = null;
  readonly #events: LinkSocketEvents;

  constructor(gateway: Gateway, answer: (challenge: Uint8Array) => Uint8Array) {
    let challenge = new Uint8Array();
    const events = gateway.connect({
      remoteAddress: "192.0.2.1",
      sendBinary: (bytes) => {
        challenge = Uint8Array.from(bytes);
      },
      sendText: (text) => {
        const frame = parseServerFrame(text);
        if (frame) this.frames.push(frame);
      },
      bufferedBytes: () => 0,
      close: (code) => {
        this.closeCode ??= code;
      },
    });
    if (!events) throw new Error("the gateway takes no link");
    this.#events = events;
    events.binary(answer(challenge));
  }

  has(type: ServerFrame["type"]): boolean {
    return this.frames.some((frame) => frame.type === type);
  }

  send(frame: AgentFrame): void {
    this.#events.text(JSON.stringify(frame));
  }

  hello(change: Partial<Hello> = {}): void {
    const facts = sampleMachine().facts;
    this.send({ type: "hello", journalId: "1".repeat(32), highestOrderSeq: 0, orders: [], facts, ...change });
  }

  ping(): void {
    this.send({ type: "ping" });
  }

  /** The network says that the link has gone. */
  vanish(): void {
    this.#events.closed();
  }
}

/** A machine in the store, and what its devices need to link, under link version 1 unless told otherwise. */
export async function enrolledMachine(
  { store, keys }: Service,
  version = OLDEST_LINK_VERSION,
): Promise<(gateway: Gateway) => DeviceOnALink> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  await store.write(async (tx) => {
    await tx.machines.insert(sampleMachine({ linked: false, linkEpoch: 0, journalId: null }));
    const key = publicKey.export({ format: "jwk" }).x ?? "";
    await tx.machines.addKey({ machineId: MACHINE_ID, publicKey: key, fromMs: 0, enrolledWith: "token" });
  });
  return (gateway) =>
    new DeviceOnALink(gateway, (challenge) => answer(version, challenge, keys.order.signing.keyId, privateKey));
}

function answer(version: number, challenge: Uint8Array, serverKeyId: string, privateKey: KeyObject): Uint8Array {
  const claim = { version, machineId: MACHINE_ID, serverKeyId };
  return encodeHandshakeAnswer({
    ...claim,
    signature: sign(null, handshakeSigningBytes(challenge, claim), privateKey),
  });
}
