/**
 * A cache of the scripts that this agent process has fetched, by their SHA-256. Playbooks send the
 * same few scripts repeatedly, and each request costs a millisecond of processor time at both ends.
 * The cache is in memory, where scripts of the device cannot change it.
 */
import { createHash } from "node:crypto";
import type { OrderFile } from "@halligan/protocol/link";
import type { AgentSettings } from "../settings.ts";

export class KeptScripts {
  /** In order of use, the last used script at the end. */
  readonly #bytesBySha256 = new Map<string, Uint8Array>();
  #sizeBytes = 0;
  readonly #settings: Pick<AgentSettings, "maxKeptScriptBytes" | "keptScriptsBytes">;

  constructor(settings: Pick<AgentSettings, "maxKeptScriptBytes" | "keptScriptsBytes">) {
    this.#settings = settings;
  }

  get({ sha256 }: OrderFile): Uint8Array | null {
    const bytes = this.#bytesBySha256.get(sha256);
    if (!bytes) return null;
    this.#bytesBySha256.delete(sha256);
    this.#bytesBySha256.set(sha256, bytes);
    return bytes;
  }

  /** Scripts above `maxKeptScriptBytes` are not cached. */
  mayKeep({ sizeBytes }: OrderFile): boolean {
    return sizeBytes <= this.#settings.maxKeptScriptBytes;
  }

  /**
   * Stores the bytes only if they have the hash. The least recently used scripts are removed first.
   */
  keep(file: OrderFile, bytes: Uint8Array): void {
    if (!this.mayKeep(file) || this.#bytesBySha256.has(file.sha256)) return;
    if (createHash("sha256").update(bytes).digest("hex") !== file.sha256) return;
    this.#bytesBySha256.set(file.sha256, bytes);
    this.#sizeBytes += bytes.length;
    for (const [sha256, oldest] of this.#bytesBySha256) {
      if (this.#sizeBytes <= this.#settings.keptScriptsBytes) return;
      this.#bytesBySha256.delete(sha256);
      this.#sizeBytes -= oldest.length;
    }
  }
}
