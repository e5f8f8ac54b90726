import { LRUCache } from "lru-cache";

/**
 * A cache of at most `limit` entries. The least recently used entry is evicted first.
 *
 * The limit is given as a size, because with `max` the library allocates for all entries at once:
 * 433 KB for 20,000 entries. Most servers use a few of them.
 */
export const lru = <K extends string, V extends NonNullable<unknown>>(limit: number): LRUCache<K, V> =>
  new LRUCache<K, V>({ maxSize: limit, sizeCalculation: () => 1 });
