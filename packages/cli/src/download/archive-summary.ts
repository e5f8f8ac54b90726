import { ARCHIVE_MANIFEST, ManifestEnd, ManifestEntry } from "@halligan/protocol/api";
import { Check } from "typebox/value";

/** What the manifest of an archive says. */
export interface ArchiveSummary {
  entries: number;
  files: number;
  bytes: number;
  errors: number;
  truncated: "maxFiles" | "maxBytes" | null;
  /** The first entries with an error. */
  failed: { path: string; error: string }[];
}

const BLOCK_BYTES = 512;
/** Of a PAX header. A longer one is not read. */
const MAX_PAX_BYTES = 64 * 1_024;
/** A path has at most 4,096 bytes. Each can take six characters in JSON. */
const MAX_LINE_BYTES = 128 * 1_024;
const LISTED = 10;

type Content = "manifest" | "pax" | "other";

/**
 * Reads the manifest while the unpacked archive passes. The archive comes from a device and can be
 * anything: what is not understood is skipped, and every buffer has a bound.
 */
export class ArchiveReader {
  readonly #header = Buffer.alloc(BLOCK_BYTES);
  #headerBytes = 0;
  #content: Content = "other";
  #leftBytes = 0;
  #paddingBytes = 0;
  #pax: Buffer[] = [];
  #paxSizeBytes: number | null = null;
  #line: Buffer[] = [];
  #lineBytes = 0;
  #end: ManifestEnd | null = null;
  readonly #failed: ArchiveSummary["failed"] = [];

  /** Null when the manifest has no end, so that the archive is not complete. */
  get summary(): ArchiveSummary | null {
    if (this.#end === null) return null;
    const { type: _, ...counts } = this.#end;
    return { ...counts, failed: this.#failed };
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#leftBytes > 0) {
        const piece = chunk.subarray(at, at + this.#leftBytes);
        this.#takeContent(piece);
        this.#leftBytes -= piece.length;
        at += piece.length;
        if (this.#leftBytes === 0 && this.#content === "pax") this.#paxSizeBytes = paxSize(Buffer.concat(this.#pax));
      } else if (this.#paddingBytes > 0) {
        const skipped = Math.min(this.#paddingBytes, chunk.length - at);
        this.#paddingBytes -= skipped;
        at += skipped;
      } else {
        const piece = chunk.subarray(at, at + BLOCK_BYTES - this.#headerBytes);
        this.#header.set(piece, this.#headerBytes);
        this.#headerBytes += piece.length;
        at += piece.length;
        if (this.#headerBytes === BLOCK_BYTES) this.#takeHeader();
      }
    }
  }

  #takeHeader(): void {
    this.#headerBytes = 0;
    const header = this.#header;
    const name = header.toString("latin1", 0, 100).replace(/\0.*$/s, "");
    const stated = Number.parseInt(header.toString("latin1", 124, 136), 8);
    const isPax = header[156] === "x".charCodeAt(0);
    const sizeBytes = (isPax ? null : this.#paxSizeBytes) ?? (Number.isSafeInteger(stated) ? stated : 0);
    this.#content = isPax ? "pax" : name.startsWith(`${ARCHIVE_MANIFEST}/`) ? "manifest" : "other";
    this.#pax = [];
    this.#paxSizeBytes = null;
    this.#leftBytes = sizeBytes;
    this.#paddingBytes = (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
    if (isPax && sizeBytes > MAX_PAX_BYTES) this.#content = "other";
  }

  #takeContent(piece: Uint8Array): void {
    if (this.#content === "pax") this.#pax.push(Buffer.from(piece));
    if (this.#content !== "manifest") return;
    for (let at = 0; at < piece.length; ) {
      const lineFeed = piece.indexOf(10, at);
      const part = piece.subarray(at, lineFeed < 0 ? piece.length : lineFeed);
      this.#lineBytes += part.length;
      if (this.#lineBytes <= MAX_LINE_BYTES) this.#line.push(Buffer.from(part));
      at += part.length + 1;
      if (lineFeed >= 0) this.#takeLine();
    }
  }

  #takeLine(): void {
    const isWhole = this.#lineBytes <= MAX_LINE_BYTES;
    const text = Buffer.concat(this.#line).toString("utf8");
    [this.#line, this.#lineBytes] = [[], 0];
    const value = isWhole ? parsed(text) : null;
    if (Check(ManifestEnd, value)) this.#end = value;
    else if (this.#failed.length < LISTED && Check(ManifestEntry, value) && value.error !== undefined) {
      this.#failed.push({ path: value.path, error: value.error });
    }
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The record `size`, which a file of 8 GiB or more has. Each record states its length. */
function paxSize(records: Buffer): number | null {
  for (let at = 0; at < records.length; ) {
    const space = records.indexOf(32, at);
    const length = space < 0 ? 0 : Number(records.toString("latin1", at, space));
    if (!Number.isSafeInteger(length) || length <= space - at) return null;
    const size = /^size=(\d{1,15})\n$/.exec(records.toString("latin1", space + 1, at + length))?.[1];
    if (size !== undefined) return Number(size);
    at += length;
  }
  return null;
}
