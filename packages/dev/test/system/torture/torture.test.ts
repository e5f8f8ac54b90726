import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { runtimeExecutable } from "../../../src/runtimes.ts";
import { torture } from "../../../src/torture/torture.ts";

const skip = process.platform === "win32" ? "the scripts of this test are shell scripts" : false;

test("nothing runs twice, is lost or hangs when server and agents are killed and the network breaks", {
  skip,
}, async (t) => {
  const seed = randomUUID().slice(0, 8);
  const runtime = runtimeExecutable("bun") === null ? "node" : "bun";
  t.diagnostic(`npm run torture -- --kills 8 --agents 2 --seed ${seed} --runtime ${runtime}`);
  const report = await torture({ kills: 8, agents: 2, seed, runtime }, (text) => t.diagnostic(text));
  assert.deepEqual(report.violations, []);
  assert.ok(report.serverKills + report.agentKills >= 8);
});
