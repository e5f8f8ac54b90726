import { createPublicKey, type KeyObject } from "node:crypto";

/** The public key of a machine. Reading it takes 60 us and a kilobyte, so a connection does it once, when it is needed. */
export class DeviceKey {
  /** Raw, base64url. */
  readonly raw: string;
  #object: KeyObject | null = null;

  constructor(raw: string) {
    this.raw = raw;
  }

  /** Throws when it is no Ed25519 key. */
  get object(): KeyObject {
    this.#object ??= createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x: this.raw }, format: "jwk" });
    return this.#object;
  }
}
