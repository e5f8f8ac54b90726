import assert from "node:assert/strict";
import { test } from "node:test";
import { CommitOrder } from "../src/server/postgres/commit-order.ts";

test("a commit is shown after those that finished their work before it, whichever is answered first", async () => {
  const order = new CommitOrder();
  const shown: string[] = [];
  const [first, second, third] = [order.take(), order.take(), order.take()];
  const isThird = third.committed(() => shown.push("third"));
  assert.equal(shown.length, 0);
  const isFirst = first.committed(() => shown.push("first"));
  assert.equal(shown.join(), "first");
  second.lost();
  await Promise.all([isFirst, isThird]);
  assert.equal(shown.join(), "first,third");
});
