import { createHash } from "node:crypto";
import { PART_BYTES } from "@halligan/protocol/link";
import { BlobStoreUnavailableError } from "../blob-store.ts";
import type { IncomingPart } from "./incoming-key.ts";
import type { ObjectStore } from "./object-store.ts";

/**
 * Buffers of one part each: 32 MiB. A store answers a part in about a fifth of a second, so one at
 * a time would be slow on any network.
 */
const BUFFERS = 4;
const READ_AHEAD = 2;

/**
 * Combines stored parts into one object under `key` if their joint SHA-256 is `sha256`. Otherwise
 * returns false, and no object exists.
 *
 * The bytes are read back and written in one pass, {@link BUFFERS} parts in memory at a time, so
 * exactly the hashed bytes become visible. A multipart upload that all nodes add to was rejected.
 * Its parts cannot be read before it is completed, so its content would be visible before it is
 * checked. Two nodes that receive the first two parts would also have to agree on its id, for which
 * not every S3 server offers a way. The cost is that each byte is sent to the store twice.
 */
export async function compose(
  objects: ObjectStore,
  key: string,
  parts: readonly IncomingPart[],
  sha256: string,
  signal: AbortSignal,
): Promise<boolean> {
  signal.throwIfAborted();
  const [first] = parts;
  if (first === undefined) throw new Error("a result has at least one part");
  const buffers = Array.from({ length: Math.min(BUFFERS, parts.length) }, () =>
    Buffer.allocUnsafe(Math.min(PART_BYTES, first.sizeBytes)),
  );
  const read = (index: number): Promise<Buffer> => {
    const [part, target] = [parts[index], buffers[index % BUFFERS]];
    if (part === undefined || target === undefined) throw new RangeError(`there is no part ${index}`);
    return readPart(objects, part, target);
  };
  const hash = createHash("sha256");
  if (parts.length === 1) {
    const bytes = await read(0);
    if (hash.update(bytes).digest("hex") !== sha256) return false;
    await objects.putBytes(key, bytes, sha256);
    return true;
  }
  const whole = await objects.beginWhole(key, sha256);
  const reading: Promise<Buffer>[] = [];
  const writing: Promise<void>[] = [];
  // A part is read when the write that last used its buffer has ended.
  const beginRead = (index: number): void => {
    if (index >= parts.length) return;
    const free = writing[index % BUFFERS] ?? Promise.resolve();
    reading[index % BUFFERS] = awaitedLater(free.then(() => read(index)));
  };
  try {
    for (let index = 0; index < READ_AHEAD; index += 1) beginRead(index);
    for (let index = 0; index < parts.length; index += 1) {
      const bytes = await reading[index % BUFFERS];
      if (bytes === undefined) throw new RangeError(`part ${index} was not read`);
      signal.throwIfAborted();
      hash.update(bytes);
      writing[index % BUFFERS] = awaitedLater(whole.write(index, bytes));
      beginRead(index + READ_AHEAD);
    }
    await Promise.all(writing);
    if (hash.digest("hex") !== sha256) {
      await whole.abandon();
      return false;
    }
    await whole.finish();
    return true;
  } catch (error) {
    await Promise.allSettled([...reading, ...writing]);
    // An upload that cannot be aborted now is swept later. The first error is reported.
    await whole.abandon().catch(() => undefined);
    throw error;
  }
}

/** The promise has a listener until it is awaited; otherwise its failure would end the process. */
function awaitedLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

async function readPart(objects: ObjectStore, part: IncomingPart, target: Buffer): Promise<Buffer> {
  const bytes = await objects.readInto(part.key, target.subarray(0, part.sizeBytes));
  if (bytes?.length === part.sizeBytes) return bytes;
  throw new BlobStoreUnavailableError("a stored part could not be read back completely");
}
