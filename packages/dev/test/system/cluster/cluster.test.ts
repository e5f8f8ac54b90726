import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";
import { clusterTrial } from "../../../src/cluster/cluster-trial.ts";
import { openOwnBackends } from "./own-backends.ts";

test("three nodes lose nothing, run nothing twice and hang nowhere when nodes, PostgreSQL and NATS are killed and one is cut off", {
  timeout: 600_000,
}, async (t) => {
  const backends = await openOwnBackends();
  if (typeof backends === "string") return t.skip(backends);
  await using _ = backends;
  const seed = randomUUID().slice(0, 8);
  t.diagnostic(`npm run cluster -- --seconds 6 --seed ${seed}`);
  const say = (text: string) => t.diagnostic(text);
  const trial = { backends, nodes: 3, devices: 200, seconds: 6, seed };
  const { violations, explanation, ...report } = await clusterTrial(trial, say);
  t.diagnostic(JSON.stringify(report));
  assert.deepEqual(violations, [], explanation);
  // A run that broke nothing, or did nothing meanwhile, shows nothing.
  assert.ok(report.nodeKills >= 3, "nodes were killed");
  assert.deepEqual(
    Object.values(report.backendFaults).map((times) => times >= 1),
    [true, true, true],
  );
  assert.ok((report.actions.Succeeded ?? 0) > 200 && report.results > 200);
});
