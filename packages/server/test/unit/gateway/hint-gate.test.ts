import assert from "node:assert/strict";
import { test } from "node:test";
import { HINTS_PER_TICK, HintGate } from "../../../src/gateway/hint-gate.ts";
import { HandClock } from "../service/service-fixture.ts";

function openGate() {
  const clock = new HandClock();
  const seen = { delivered: [] as string[], overflows: 0, dropped: 0 };
  const gate = new HintGate<string>(clock, {
    deliver: (hint) => void seen.delivered.push(hint),
    overflowed: () => {
      seen.overflows += 1;
    },
    dropped: () => {
      seen.dropped += 1;
    },
  });
  return { clock, seen, gate };
}

test("the first hint of a key is delivered at once, the last of a flood in the next tick, those between never", () => {
  const { clock, seen, gate } = openGate();
  for (let n = 0; n < 50_000; n += 1) gate.deliverOrQueue("a", `a${n}`);
  gate.deliverOrQueue("b", "b0");
  assert.deepEqual(seen.delivered, ["a0", "b0"]);
  clock.pass(100);
  assert.deepEqual(seen.delivered, ["a0", "b0", "a49999"]);
  assert.equal(seen.dropped, 49_998);
  clock.pass(100);
  gate.deliverOrQueue("a", "later");
  assert.equal(seen.delivered.at(-1), "later", "a tick without hints ends");
});

test("more keys than fit into two ticks are announced once, and cost the same as the others", () => {
  const { clock, seen, gate } = openGate();
  for (let n = 0; n < 10_000; n += 1) gate.deliverOrQueue(`key${n}`, `${n}`);
  assert.equal(seen.delivered.length, HINTS_PER_TICK);
  clock.pass(100);
  assert.deepEqual([seen.delivered.length, seen.overflows], [2 * HINTS_PER_TICK, 1]);
  clock.pass(100);
  assert.deepEqual([seen.delivered.length, seen.overflows], [2 * HINTS_PER_TICK, 1]);
});
