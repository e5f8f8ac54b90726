/**
 * Scripts that this agent process has fetched before, by their SHA-256. Playbooks send the same few scripts again and again; asking for one
 * costs a request of a millisecond of processor time at either end. In memory, where no script of the device changes them unseen.
 */
import { createHash } from "node:crypto";
import type { OrderFile } from "@halligan/protocol/link";
import { LIMITS } from "../limits.ts";

export class KeptScripts {
  /** The one that was used last is the last. */
  readonly #bytesBySha256 = new Map<string, Uint8Array>();
  #sizeBytes = 0;

  get({ sha256 }: OrderFile): Uint8Array | null {
    const bytes = this.#bytesBySha256.get(sha256);
    if (!bytes) return null;
    this.#bytesBySha256.delete(sha256);
    this.#bytesBySha256.set(sha256, bytes);
    return bytes;
  }

  /** Larger ones than {@link LIMITS.maxKeptScriptBytes} are not kept. */
  mayKeep({ sizeBytes }: OrderFile): boolean {
    return sizeBytes <= LIMITS.maxKeptScriptBytes;
  }

  /** Only bytes that have the hash are kept under it. Those that were not used for longest make room. */
  keep(file: OrderFile, bytes: Uint8Array): void {
    if (!this.mayKeep(file) || this.#bytesBySha256.has(file.sha256)) return;
    if (createHash("sha256").update(bytes).digest("hex") !== file.sha256) return;
    this.#bytesBySha256.set(file.sha256, bytes);
    this.#sizeBytes += bytes.length;
    for (const [sha256, oldest] of this.#bytesBySha256) {
      if (this.#sizeBytes <= LIMITS.keptScriptsBytes) return;
      this.#bytesBySha256.delete(sha256);
      this.#sizeBytes -= oldest.length;
    }
  }
}
