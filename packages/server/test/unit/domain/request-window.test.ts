import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { recordAdmitted, type WindowRule, waitForWindow } from "../../../src/domain/identity/request-window.ts";

const anyRules = fc.array(
  fc.record({ limit: fc.integer({ min: 1, max: 5 }), windowMs: fc.integer({ min: 1, max: 50 }) }),
  {
    minLength: 1,
    maxLength: 2,
  },
);

test("no window ever holds more than its limit, and a caller that waits as long as stated is admitted then and not before", () => {
  fc.assert(
    fc.property(anyRules, fc.array(fc.nat({ max: 20 }), { maxLength: 60 }), (rules: WindowRule[], gaps) => {
      let times: number[] = [];
      const all: number[] = [];
      let nowMs = 0;
      for (const gap of gaps) {
        nowMs += gap;
        const waitMs = waitForWindow(times, rules, nowMs);
        if (waitMs === null) {
          times = recordAdmitted(times, rules, nowMs);
          all.push(nowMs);
          continue;
        }
        assert.equal(waitForWindow(times, rules, nowMs + waitMs), null);
        assert.notEqual(waitForWindow(times, rules, nowMs + waitMs - 1), null);
      }
      for (const { limit, windowMs } of rules) {
        for (const startMs of all) {
          const within = all.filter((atMs) => atMs >= startMs && atMs < startMs + windowMs).length;
          assert.ok(within <= limit, `${within} of ${limit} in ${windowMs} ms from ${startMs}`);
        }
      }
    }),
  );
});
