import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import {
  ENROLL_PATH,
  EnrollResponse,
  enrollSigningBytes,
  LINK_VERSION,
  type MachineFacts,
  OLDEST_LINK_VERSION,
  type OrderKey,
} from "@halligan/protocol/link";
import { DeviceHandshake } from "@halligan/protocol/link-crypto";
import { Value } from "typebox/value";
import type { SeededRandom } from "../torture/seeded-random.ts";

/** An order as the device that it was sent to knows it. */
export interface KnownOrder {
  readonly actionId: string;
  readonly orderSeq: number;
}

/** An attacker with its own key, enrolled like any other device. */
export class HostileDevice {
  readonly machineId: string;
  readonly serverKey: KeyObject;
  readonly #serverKeyId: string;
  /** The same over its links, so that it is one device and not two. */
  journalId: string;
  order: KnownOrder | null = null;
  /** Of the link: an attacker speaks either. */
  readonly version: number;
  readonly processId: string;
  readonly #privateKey: KeyObject;

  private constructor(machineId: string, serverKey: OrderKey, random: SeededRandom, privateKey: KeyObject) {
    this.machineId = machineId;
    this.#serverKeyId = serverKey.keyId;
    const jwk = { kty: "OKP", crv: "Ed25519", x: serverKey.publicKey };
    this.serverKey = createPublicKey({ key: jwk, format: "jwk" });
    this.journalId = random.hex(32);
    this.processId = random.hex(32);
    this.version = random.chance(0.3) ? OLDEST_LINK_VERSION : LINK_VERSION;
    this.#privateKey = privateKey;
  }

  static async enroll(
    baseUrl: string,
    token: string,
    facts: MachineFacts,
    random: SeededRandom,
  ): Promise<HostileDevice> {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const text = publicKey.export({ format: "jwk" }).x ?? "";
    const proof = sign(null, enrollSigningBytes(token, text), privateKey).toString("base64url");
    const response = await fetch(`${baseUrl}${ENROLL_PATH}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ token, publicKey: text, proof, facts }),
    });
    const answer: unknown = await response.json();
    if (response.status !== 200) throw new Error(`the attacker could not enroll: ${JSON.stringify(answer)}`);
    const { machineId, orderKeys } = Value.Parse(EnrollResponse, answer);
    const [serverKey] = orderKeys;
    if (!serverKey) throw new Error("the server names no order key");
    return new HostileDevice(machineId, serverKey, random, privateKey);
  }

  /**
   * With a good answer to a challenge, but for what is changed in it; the signature is over the
   * changed one.
   */
  handshake(
    challenge: Uint8Array,
    changes: { version?: number; machineId?: string; serverKeyId?: string } = {},
  ): DeviceHandshake {
    const claim = { version: this.version, machineId: this.machineId, serverKeyId: this.#serverKeyId, ...changes };
    return new DeviceHandshake(challenge, claim, this.#privateKey);
  }

  answer(challenge: Uint8Array, changes: Parameters<typeof this.handshake>[1] = {}): Uint8Array {
    return this.handshake(challenge, changes).answer;
  }
}
