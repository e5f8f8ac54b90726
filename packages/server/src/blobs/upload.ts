import { createHash, type Hash } from "node:crypto";
import type { StoredPart } from "./part-log.ts";

/**
 * State of one unfinished upload in memory. It is a cache of the part log. If it is dropped, the
 * log is read again, and the content once more for its SHA-256.
 */
export class Upload {
  readonly parts: Map<number, StoredPart>;
  /** SHA-256 of parts 0 to `hashedParts` - 1. */
  whole: Hash = createHash("sha256");
  hashedParts = 0;
  /** While set, no part is accepted, because the content is being checked. */
  isSealed = false;
  /**
   * Set when the upload was abandoned. Parts that are still being written must not be recorded as
   * stored.
   */
  isRemoved = false;
  /** Calls that use this object now. It must not be loaded a second time meanwhile. */
  holders = 0;
  /** Parts that are being written now, so that no part is written by two calls at a time. */
  readonly writing = new Map<number, Promise<unknown>>();

  constructor(parts: Map<number, StoredPart>) {
    this.parts = parts;
  }
}
