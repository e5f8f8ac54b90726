import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { packageNames, sources } from "./import-graph.ts";

const UNTIL = "protocol/test/support/until.ts";

/** A function of that name, a loop that pauses, and a loop that only asks again. */
const OWN_WAITS = [
  /\b(?:function|const) (?:until|eventually|waitUntil|poll)\b/,
  /\bwhile \([^\n]*\) (?:\{\s*)?await (?:sleep|pause|turn|setTimeout|setImmediate|new Promise\([^\n]*set(?:Timeout|Immediate))\b/,
  /\bwhile \((?:!\()?await [\w.]+\([^)]*\)+;/,
];

const ownWaitIn = (text: string): string | undefined =>
  OWN_WAITS.map((pattern) => pattern.exec(text)?.[0]).find((found) => found !== undefined);

test("tests wait for a condition with one function, so a test that waits in vain says for what", async () => {
  const tested = (await packageNames()).filter((name) => existsSync(new URL(`../../../${name}/test`, import.meta.url)));
  const files = (await Promise.all(tested.map((name) => sources(`${name}/test`)))).flat();
  assert.ok(files.some(({ path }) => path === UNTIL));
  const faults = files
    .filter(({ path, text }) => path !== UNTIL && !path.endsWith("test-waits.test.ts") && ownWaitIn(text) !== undefined)
    .map(({ path, text }) => `${path}: ${ownWaitIn(text)}; use until of ${UNTIL}`);
  assert.deepEqual(faults, []);
});

test("the ways to write another wait are found", () => {
  for (const text of [
    "async function until(holds: () => boolean) {}",
    "while (!(await isThere(begun))) await sleep(10);",
    "while (!isGone) await new Promise((resolve) => setImmediate(resolve));",
    "while (!holds()) {\n    await sleep(5);\n  }",
    "while (await isFull(id));",
  ])
    assert.ok(ownWaitIn(text), text);
  assert.equal(ownWaitIn('while (!received.includes("x")) await once(socket, "data");'), undefined);
});
