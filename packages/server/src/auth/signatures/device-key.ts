import type { KeyObject } from "node:crypto";
import { ed25519PublicKey } from "@halligan/protocol/link-crypto";

/**
 * The public key of a machine. Parsing it takes 60 us and 1 KiB, so a connection parses it once,
 * when it is needed.
 */
export class DeviceKey {
  /** Raw, base64url. */
  readonly raw: string;
  #object: KeyObject | null = null;

  constructor(raw: string) {
    this.raw = raw;
  }

  /** Throws when it is not an Ed25519 key. */
  get object(): KeyObject {
    this.#object ??= ed25519PublicKey(this.raw);
    return this.#object;
  }
}
