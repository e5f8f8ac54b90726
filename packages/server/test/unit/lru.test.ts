import assert from "node:assert/strict";
import { test } from "node:test";
import { TokenBuckets } from "../../src/gateway/token-buckets.ts";
import { lru } from "../../src/lru.ts";

const LIMIT = 10_000;
const USES = 5_000;
/** A scan over removed entries costs 100 times a lookup, and more in a full cache. */
const AT_MOST_TIMES = 25;

function elapsedMs(work: (i: number) => void): number {
  const startMs = performance.now();
  for (let i = 0; i < USES; i++) work(i);
  return performance.now() - startMs;
}

/** The smallest of a few ratios: other work on the machine only makes one larger. */
function smallestRatio(dear: (i: number) => void, cheap: (i: number) => void): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 5; round++) {
    smallest = Math.min(smallest, elapsedMs((i) => dear(round * USES + i)) / elapsedMs(cheap));
  }
  return smallest;
}

test("the least recently used entry is evicted", () => {
  const cache = lru<string, number>(2);
  cache.set("a", 1);
  cache.set("b", 2);
  cache.get("a");
  cache.set("c", 3);
  assert.deepEqual([cache.get("a"), cache.get("b"), cache.get("c"), cache.size], [1, undefined, 3, 2]);
});

test("a new key in a full cache costs about as much as a known one", () => {
  const cache = lru<string, number>(LIMIT);
  for (let i = 0; i < LIMIT; i++) cache.set(`first ${i}`, i);
  let hits = 0;
  const ratio = smallestRatio(
    (i) => cache.set(`new ${i}`, i),
    (i) => {
      cache.set("known", i);
      hits += cache.get("known") === i ? 1 : 0;
    },
  );
  assert.equal(hits, 5 * USES);
  assert.ok(ratio < AT_MOST_TIMES, `${ratio.toFixed(1)} times`);
});

test("a flood of new addresses costs each connection attempt about as much as a known address", () => {
  const buckets = new TokenBuckets(100_000);
  for (let i = 0; i < 70_000; i++) buckets.takeToken(`address ${i}`, 0);
  assert.equal(buckets.size, 65_536);
  const ratio = smallestRatio(
    (i) => buckets.takeToken(`new ${i}`, 1),
    () => buckets.takeToken("known", 1),
  );
  assert.ok(ratio < AT_MOST_TIMES, `${ratio.toFixed(1)} times`);
});
