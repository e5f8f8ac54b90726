import assert from "node:assert/strict";
import { test } from "node:test";
import { ATTACKS } from "../../src/attacks/all-attacks.ts";
import { describeTrial } from "../../src/attacks/describe-trial.ts";
import { runTrial } from "../../src/attacks/trial.ts";
import { failuresOf } from "../../src/attacks/verdict.ts";

for (const attack of ATTACKS) {
  test(`honest callers and agents are unharmed by the attack ${attack.name}`, async (t) => {
    const figures = await runTrial(attack, { seconds: 2, agents: 2 }, t.signal);
    const failures = failuresOf(figures);
    t.diagnostic(describeTrial(attack, figures, failures));
    assert.deepEqual(failures, []);
  });
}
