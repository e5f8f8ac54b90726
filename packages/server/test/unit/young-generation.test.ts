import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

const MODULE = new URL("../../src/young-generation.ts", import.meta.url).href;

/** Memory that is in use across many collections makes V8 enlarge its young generation. */
const CHURN = `
import { getHeapSpaceStatistics } from "node:v8";
const kept = [];
let largest = 0;
for (let round = 0; round < 300; round += 1) {
  for (let i = 0; i < 3_000; i += 1) kept[(round * 3_000 + i) % 60_000] = { round, text: "x" + i };
  await new Promise((resolve) => setImmediate(resolve));
  const young = getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space");
  largest = Math.max(largest, young.space_size);
}
console.log(largest);`;

/** The largest size of the young generation in a process of its own, in bytes. */
const largestAfter = (begin: string): number =>
  Number(execFileSync(process.execPath, ["--input-type=module", "-e", `${begin}\n${CHURN}`], { encoding: "utf8" }));

test("the young generation grows to 8 MiB and not to the limit of V8", { timeout: 60_000 }, () => {
  const own = largestAfter("");
  const bounded = largestAfter(
    `const { boundYoungGeneration } = await import(${JSON.stringify(MODULE)}); boundYoungGeneration();`,
  );
  // It is read after a collection, and one growth may come before.
  assert.ok(bounded >= 4 * 1024 ** 2 && bounded <= 16 * 1024 ** 2, `${bounded} bytes with the bound`);
  assert.ok(own > bounded, `${own} bytes without, ${bounded} bytes with the bound`);
});
