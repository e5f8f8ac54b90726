import { INCOMING, parseIncomingKey } from "./incoming-key.ts";
import type { ObjectStore } from "./object-store.ts";

/**
 * Removes the parts of uploads to which nothing was added for `olderThanMs` of the store's clock.
 * Returns the number of uploads.
 */
export async function sweepIncoming(objects: ObjectStore, olderThanMs: number): Promise<number> {
  const beforeMs = (await objects.nowMs()) - olderThanMs;
  await objects.abandonWholes(beforeMs);
  let removed = 0;
  for await (const { keys, newestMs } of uploads(objects)) {
    if (newestMs >= beforeMs) continue;
    await objects.delete(keys);
    removed += 1;
  }
  return removed;
}

interface Upload {
  readonly uploadId: string;
  readonly keys: string[];
  newestMs: number;
}

/**
 * A listing is sorted by key, so the parts of an upload are adjacent, and only those of one upload
 * are in memory.
 */
async function* uploads(objects: ObjectStore): AsyncGenerator<Upload> {
  let current: Upload = { uploadId: "", keys: [], newestMs: 0 };
  for await (const { key, modifiedAtMs } of objects.list(INCOMING)) {
    const uploadId = parseIncomingKey(key)?.uploadId;
    // Objects that this server did not store are not swept.
    if (uploadId === undefined) continue;
    if (current.uploadId !== uploadId) {
      if (current.keys.length > 0) yield current;
      current = { uploadId, keys: [], newestMs: 0 };
    }
    current.keys.push(key);
    current.newestMs = Math.max(current.newestMs, modifiedAtMs);
  }
  if (current.keys.length > 0) yield current;
}
