import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { gzipMember } from "../../src/transfer/gzip-member.ts";

const MIB = 1024 * 1024;

async function gzip(bytes: Uint8Array, blockBytes = MIB): Promise<Buffer> {
  async function* blocks() {
    for (let at = 0; at < bytes.length; at += blockBytes) yield bytes.subarray(at, at + blockBytes);
  }
  const chunks: Uint8Array[] = [];
  // A chunk holds until the next is asked for.
  for await (const chunk of gzipMember(blocks())) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

for (const size of [0, 1, 65_534, 65_535, 65_536, MIB - 1, MIB, MIB + 1, 3 * MIB + 5]) {
  test(`${size} random bytes, and as many that compress, come back as they were`, async () => {
    const random = randomBytes(size);
    const dull = Buffer.alloc(size, "abc ");
    assert.ok(gunzipSync(await gzip(random)).equals(random));
    assert.ok(gunzipSync(await gzip(dull)).equals(dull));
  });
}

test("random bytes are stored, with five bytes for each 65,535, and dull ones shrink", async () => {
  const random = randomBytes(2 * MIB);
  const stored = await gzip(random);
  assert.equal(stored.length, 2 * MIB + 2 * 17 * 5 + 10 + 2 + 8);
  assert.ok((await gzip(Buffer.alloc(2 * MIB, "log line\n"))).length < MIB / 10);
});

test("blocks of both kinds mix in one member", async () => {
  const mixed = Buffer.concat([randomBytes(MIB), Buffer.alloc(MIB), randomBytes(MIB), Buffer.alloc(77, "x")]);
  assert.ok(gunzipSync(await gzip(mixed)).equals(mixed));
});

test("any bytes in blocks of any size come back as they were", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 5_000 }),
      fc.integer({ min: 1, max: 2_000 }),
      async (bytes, blockBytes) => {
        assert.ok(gunzipSync(await gzip(bytes, blockBytes)).equals(bytes));
      },
    ),
    { numRuns: 50 },
  );
});
