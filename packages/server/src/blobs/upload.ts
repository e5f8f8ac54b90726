import { createHash, type Hash } from "node:crypto";
import type { StoredPart } from "./part-log.ts";

/**
 * What memory knows of one unfinished upload. It is a cache of the part log: dropping it costs reading the log again, and for the
 * SHA-256 of the whole reading the content once more.
 */
export class Upload {
  readonly parts: Map<number, StoredPart>;
  /** SHA-256 of parts 0 to `hashedParts` - 1. */
  whole: Hash = createHash("sha256");
  hashedParts = 0;
  /** While set, no part is taken: the content is being checked. */
  isSealed = false;
  /** Set when the upload was given up: what is still being written must not be noted as stored. */
  isRemoved = false;
  /** Calls that use this object now; it must not be loaded a second time meanwhile. */
  holders = 0;
  /** Parts being written now, so that one part is never written by two at a time. */
  readonly writing = new Map<number, Promise<unknown>>();

  constructor(parts: Map<number, StoredPart>) {
    this.parts = parts;
  }
}
