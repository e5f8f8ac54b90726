import assert from "node:assert/strict";
import { test } from "node:test";
import { expiryLevel } from "../../../src/domain/certificate-expiry.ts";

const DAY_MS = 24 * 3_600_000;
const leftOf = (lifetimeDays: number) => (daysLeft: number) =>
  expiryLevel({ validFromMs: 0, validUntilMs: lifetimeDays * DAY_MS }, (lifetimeDays - daysLeft) * DAY_MS);

test("a certificate of 90 days warns at 21, 7, 3 and 1 days before its end, and says when it is over", () => {
  const left = leftOf(90);
  assert.deepEqual([90, 30, 22, 21, 8, 7, 3, 1, 0.01, 0, -5].map(left), [0, 0, 0, 1, 1, 2, 3, 4, 4, 5, 5]);
});

test("a certificate of one day that is renewed at a third of its life never warns", () => {
  const left = leftOf(1);
  assert.deepEqual([1, 0.67, 0.34, 0.24, 0.01, 0].map(left), [0, 0, 0, 1, 4, 5]);
});
