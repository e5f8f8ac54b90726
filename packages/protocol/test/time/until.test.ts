import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../support/until.ts";

test("returns the first truthy value of its condition", async () => {
  let asked = 0;
  assert.equal(await until(() => ++asked === 3, "the third question"), true);
  assert.equal(await until(async () => (++asked > 5 ? "found" : null), "the sixth question"), "found");
  assert.equal(asked, 6);
});

test("a wait that ends in vain says for what it waited", async () => {
  const over = { message: "waited 0.03 s for a process" };
  await assert.rejects(
    until(() => false, "a process", { withinMs: 30 }),
    over,
  );
  await assert.rejects(
    until(() => new Promise<boolean>(() => undefined), "a process", { withinMs: 30 }),
    over,
  );
});

test("an error of the condition ends the wait", async () => {
  await assert.rejects(
    until(() => {
      throw new Error("gone");
    }, "a process"),
    { message: "gone" },
  );
});
