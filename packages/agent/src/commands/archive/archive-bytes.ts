/**
 * The bytes of an archive: tar entries for what was found, and the parts of the manifest between
 * and after them. One file is open at a time.
 */
import type { BigIntStats } from "node:fs";
import { readlink } from "node:fs/promises";
import type { FileChangeKind } from "@halligan/protocol/link";
import { ARCHIVE_FILES, type ManifestEnd, type ManifestEntry, type ManifestStart } from "@halligan/protocol/link";
import { LIMITS } from "../../limits.ts";
import type { OwnKeys } from "../files/own-keys.ts";
import type { Calls } from "./archive-calls.ts";
import { ArchivedFile, NotCollectedError } from "./archived-file.ts";
import { attributesOf, ManifestParts, typeOf } from "./manifest.ts";
import type { Owners } from "./owners.ts";
import { bufferOf, type PathBytes, pathMembers } from "./path-bytes.ts";
import { paddingBytes, TAR_END_BYTES, type TarEntry, tarHeader } from "./tar-header.ts";
import type { Found } from "./walk.ts";

export interface ArchiveParts {
  start: ManifestStart;
  found: AsyncIterable<Found>;
  calls: Calls;
  owners: Owners;
  ownKeys: OwnKeys;
}

type Pieces<T = void> = AsyncGenerator<Uint8Array, T, undefined>;

export class ArchiveBytes {
  readonly #parts: ArchiveParts;
  readonly #manifest = new ManifestParts();
  readonly #block = Buffer.allocUnsafeSlow(LIMITS.archiveBlockBytes);
  /** Paths of files with several names, by number of the file. */
  readonly #hardLinks = new Map<string, PathBytes>();
  readonly #end: ManifestEnd = { type: "end", entries: 0, files: 0, bytes: 0, errors: 0, truncated: null };
  readonly #firstErrors: string[] = [];
  #matches = 0;

  constructor(parts: ArchiveParts) {
    this.#parts = parts;
  }

  /** Of what was written so far. */
  get end(): Readonly<ManifestEnd> {
    return this.#end;
  }

  /** For people, a few. */
  get firstErrors(): readonly string[] {
    return this.#firstErrors;
  }

  /** Names that are what was asked for. */
  get matches(): number {
    return this.#matches;
  }

  /** Each piece holds until the next is asked for. */
  async *pieces(): Pieces {
    const { start, found } = this.#parts;
    this.#manifest.add(start);
    for await (const one of found) {
      if (this.#end.entries >= start.maxFiles) {
        this.#end.truncated = "maxFiles";
        break;
      }
      yield* this.#entry(one);
      if (this.#manifest.isFull) yield* this.#manifestPart();
    }
    this.#manifest.add(this.#end);
    yield* this.#manifestPart();
    yield new Uint8Array(TAR_END_BYTES);
  }

  async *#entry({ path, stat, error, isMatch }: Found): Pieces {
    const type = typeOf(stat);
    const entry: ManifestEntry = {
      type,
      ...pathMembers(path),
      ...(stat && attributesOf(stat, this.#parts.owners)),
      ...(error !== null && { error }),
    };
    try {
      if (stat && type === "file") yield* this.#file(entry, path, stat);
      else if (stat && type === "link") yield* this.#link(entry, path, stat);
      else if (stat && type === "folder") yield tarHeader(this.#tarEntry(path, stat, { type }));
    } catch (failure) {
      entry.error =
        failure instanceof NotCollectedError ? failure.message : this.#parts.calls.reasonUnlessOver(failure);
    }
    this.#manifest.add(entry);
    this.#end.entries++;
    if (isMatch) this.#matches++;
    if (entry.error === undefined) return;
    this.#end.errors++;
    if (this.#firstErrors.length < LIMITS.maxNamedErrors) this.#firstErrors.push(`'${entry.path}': ${entry.error}`);
  }

  async *#link(entry: ManifestEntry, path: PathBytes, stat: BigIntStats): Pieces {
    const { calls } = this.#parts;
    const read = await calls.run(() => readlink(bufferOf(path), { encoding: "buffer" }));
    const target = read.toString("latin1");
    Object.assign(entry, targetMembers(target));
    yield tarHeader(this.#tarEntry(path, stat, { type: "link", target }));
  }

  async *#file(entry: ManifestEntry, path: PathBytes, stat: BigIntStats): Pieces {
    const number = stat.nlink > 1n ? `${stat.dev}:${stat.ino}` : null;
    const earlier = number === null ? undefined : this.#hardLinks.get(number);
    if (earlier !== undefined) {
      entry.type = "hardLink";
      Object.assign(entry, targetMembers(earlier));
      yield tarHeader(this.#tarEntry(path, stat, { type: "hardLink", target: inArchive(earlier) }));
      this.#end.files++;
      return;
    }
    const { calls, ownKeys, start } = this.#parts;
    await using file = await ArchivedFile.open(path, { calls, block: this.#block, ownKeys });
    const { sizeBytes } = file;
    const leftBytes = start.maxBytes - this.#end.bytes;
    if (sizeBytes > leftBytes) {
      this.#end.truncated = "maxBytes";
      throw new NotCollectedError(`its ${sizeBytes} bytes do not fit: ${leftBytes} of ${start.maxBytes} are left`);
    }
    // From here on the archive has the file, whatever happens to it.
    yield tarHeader(this.#tarEntry(path, stat, { type: "file", sizeBytes }));
    const { sha256, change, paddedBytes, error } = yield* file.bytes();
    yield new Uint8Array(paddingBytes(sizeBytes));
    this.#end.files++;
    this.#end.bytes += sizeBytes;
    if (number !== null && this.#hardLinks.size < LIMITS.maxHardLinks) this.#hardLinks.set(number, path);
    Object.assign(entry, { sizeBytes, sha256 });
    if (change.length > 0) entry.change = [...change];
    if (paddedBytes > 0) entry.paddedBytes = paddedBytes;
    const missing = error ?? missingText(paddedBytes, sizeBytes, change);
    if (missing !== null) entry.error = missing;
  }

  *#manifestPart(): Generator<Uint8Array, void, undefined> {
    const { path, bytes } = this.#manifest.take();
    const root = { uid: 0, gid: 0, owner: null, group: null, modifiedNs: 0n, target: "" };
    yield tarHeader({ ...root, path, type: "file", sizeBytes: bytes.length, mode: 0o644 });
    yield bytes;
    yield new Uint8Array(paddingBytes(bytes.length));
  }

  #tarEntry(
    path: PathBytes,
    stat: BigIntStats,
    more: Pick<TarEntry, "type"> & Partial<Pick<TarEntry, "sizeBytes" | "target">>,
  ): TarEntry {
    const { users, groups } = this.#parts.owners;
    const [uid, gid] = [Number(stat.uid), Number(stat.gid)];
    return {
      path: inArchive(path),
      sizeBytes: 0,
      mode: Number(stat.mode),
      uid,
      gid,
      owner: users.get(uid) ?? null,
      group: groups.get(gid) ?? null,
      modifiedNs: stat.mtimeNs,
      target: "",
      ...more,
    };
  }
}

function targetMembers(target: PathBytes): Pick<ManifestEntry, "target" | "targetBase64"> {
  const { path, pathBase64 } = pathMembers(target);
  return { target: path, ...(pathBase64 !== undefined && { targetBase64: pathBase64 }) };
}

function missingText(paddedBytes: number, sizeBytes: number, change: readonly FileChangeKind[]): string | null {
  if (paddedBytes > 0) return `it became shorter while it was read; its last ${paddedBytes} bytes are zeros`;
  if (change.includes("cutOff")) return `it states no size and has more than ${sizeBytes} bytes`;
  return null;
}

/** Never absolute and never with `..`, because the path is one that the system has resolved. */
const inArchive = (path: PathBytes): PathBytes => (path === "/" ? ARCHIVE_FILES : ARCHIVE_FILES + path);

/**
 * Blocks of one size from pieces of any size. A block holds until the one after the next is asked
 * for, as `gzipMember` needs it.
 */
export async function* inBlocks(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let block = Buffer.allocUnsafeSlow(LIMITS.archiveBlockBytes);
  let other = Buffer.allocUnsafeSlow(LIMITS.archiveBlockBytes);
  let filled = 0;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + block.length - filled);
      block.set(part, filled);
      filled += part.length;
      at += part.length;
      if (filled < block.length) continue;
      yield block;
      [block, other, filled] = [other, block, 0];
    }
  }
  if (filled > 0) yield block.subarray(0, filled);
}
