import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { proxyFuzz } from "../../../src/link-proxy/proxy-fuzz.ts";

test("1,500 frames under a hostile proxy: no script without a fresh grant, none twice, no result that is not signed", {
  timeout: 300_000,
}, async (t) => {
  const seed = randomUUID().slice(0, 8);
  t.diagnostic(`npm run fuzz -- --proxy --frames 1500 --seed ${seed}`);
  const { violations, ...counts } = await proxyFuzz({ frames: 1_500, seed }, (text) => t.diagnostic(text));
  t.diagnostic(JSON.stringify(counts));
  assert.deepEqual(violations, []);
  assert.ok(counts.succeeded > 0 && counts.scriptsRun > 0);
});
