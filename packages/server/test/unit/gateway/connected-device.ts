import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import {
  type AgentFrame,
  type Hello,
  OLDEST_LINK_VERSION,
  parseServerFrame,
  type ServerFrame,
} from "@halligan/protocol/link";
import { DeviceHandshake, FrameSeal } from "@halligan/protocol/link-crypto";
import type { AgentSocketEvents } from "../../../src/gateway/frames/agent-socket.ts";
import type { Gateway } from "../../../src/gateway/gateway.ts";
import { MACHINE_ID, sampleMachine } from "../domain/sample-action.ts";
import type { Service } from "../service/service-fixture.ts";

/** The device's side of one connection, without a network in between. */
export class DeviceOnALink {
  readonly frames: ServerFrame[] = [];
  closeCode: number | null = null;
  /** The reason as it arrived, with its proof. */
  closeReason: string | null = null;
  /** Set by a signed welcome. */
  seals: { toServer: FrameSeal; toAgent: FrameSeal } | null = null;
  readonly #events: AgentSocketEvents;

  constructor(
    gateway: Gateway,
    handshakeOf: (challenge: Uint8Array) => { handshake: DeviceHandshake; serverKey: KeyObject },
  ) {
    let challenge = new Uint8Array();
    let proof: ReturnType<typeof handshakeOf> | null = null;
    const events = gateway.connect({
      remoteAddress: "192.0.2.1",
      sendBinary: (bytes) => {
        challenge = Uint8Array.from(bytes);
      },
      sendText: (text) => {
        const sealed = this.seals === null ? text : (this.seals.toAgent.open(text) ?? "");
        const frame = parseServerFrame(sealed.slice(sealed.indexOf("{")));
        if (!frame) return;
        this.frames.push(frame);
        if (frame.type !== "signedWelcome" || !proof) return;
        const opened = proof.handshake.open(frame, proof.serverKey);
        if (!opened) throw new Error("the welcome is not signed");
        const { keys } = opened;
        this.seals = { toServer: new FrameSeal(keys.toServer), toAgent: new FrameSeal(keys.toAgent) };
      },
      bufferedBytes: () => 0,
      close: (code, reason) => {
        this.closeCode ??= code;
        this.closeReason ??= reason;
      },
    });
    if (!events) throw new Error("the gateway takes no link");
    this.#events = events;
    proof = handshakeOf(challenge);
    events.binary(proof.handshake.answer);
  }

  has(type: ServerFrame["type"]): boolean {
    return this.frames.some((frame) => frame.type === type);
  }

  /** Works in both versions. */
  get isWelcome(): boolean {
    return this.has("welcome") || this.has("signedWelcome");
  }

  /** Returns what the frame costs, in handling units. */
  send(frame: AgentFrame): number {
    const json = JSON.stringify(frame);
    return this.text(this.seals ? this.seals.toServer.seal(json) : json);
  }

  /** Sends the text unchanged. */
  text(text: string): number {
    return this.#events.text(text);
  }

  hello(change: Partial<Hello> = {}): void {
    const facts = sampleMachine().facts;
    this.send({ type: "hello", journalId: "1".repeat(32), highestOrderSeq: 0, orders: [], facts, ...change });
  }

  ping(): void {
    this.send({ type: "ping" });
  }

  /** The network reports that the connection has closed. */
  vanish(): void {
    this.#events.closed();
  }
}

/**
 * A machine in the store, and what its devices need to connect, under link version 1 by default.
 */
export async function enrolledMachine(
  { store, keys }: Service,
  version = OLDEST_LINK_VERSION,
  { privateKey, publicKey } = generateKeyPairSync("ed25519"),
): Promise<(gateway: Gateway) => DeviceOnALink> {
  await store.write(async (tx) => {
    await tx.machines.insert(sampleMachine({ linked: false, connectionEpoch: 0, journalId: null }));
    const key = publicKey.export({ format: "jwk" }).x ?? "";
    await tx.machines.addKey({ machineId: MACHINE_ID, publicKey: key, fromMs: 0, enrolledWith: "token" });
  });
  return (gateway) => {
    const { keyId: serverKeyId, privateKey: orderKey } = keys.order.signing;
    return new DeviceOnALink(gateway, (challenge) => ({
      handshake: new DeviceHandshake(challenge, { version, machineId: MACHINE_ID, serverKeyId }, privateKey),
      serverKey: createPublicKey(orderKey),
    }));
  };
}
