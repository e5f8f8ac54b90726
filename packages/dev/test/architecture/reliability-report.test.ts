import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Type } from "typebox";
import { Value } from "typebox/value";

const DOCS = new URL("../../../../docs/", import.meta.url);

/** Lines that `--json` printed; each command adds more than is summed here. */
const Run = Type.Union([
  Type.Object({
    run: Type.Literal("simulation"),
    store: Type.String(),
    schedules: Type.Integer(),
    violations: Type.Integer(),
  }),
  Type.Object({
    run: Type.Literal("torture"),
    serverKills: Type.Integer(),
    agentKills: Type.Integer(),
    violations: Type.Integer(),
  }),
  Type.Object({ run: Type.Literal("fuzz"), frames: Type.Integer(), violations: Type.Integer() }),
  Type.Object({ run: Type.Literal("proxy fuzz"), frames: Type.Integer(), violations: Type.Integer() }),
]);

test("docs/reliability.md says what the runs in docs/reliability-runs.jsonl come to", async () => {
  const text = await readFile(new URL("reliability-runs.jsonl", DOCS), "utf8");
  const sums = {
    schedules: 0,
    "schedules on PostgreSQL": 0,
    kills: 0,
    frames: 0,
    "frames under a proxy": 0,
    violations: 0,
  };
  for (const line of text.trimEnd().split("\n")) {
    const run = Value.Parse(Run, JSON.parse(line));
    sums.violations += run.violations;
    if (run.run === "torture") sums.kills += run.serverKills + run.agentKills;
    else if (run.run === "fuzz") sums.frames += run.frames;
    else if (run.run === "proxy fuzz") sums["frames under a proxy"] += run.frames;
    else sums[run.store === "postgres" ? "schedules on PostgreSQL" : "schedules"] += run.schedules;
  }
  const report = await readFile(new URL("reliability.md", DOCS), "utf8");
  for (const [name, count] of Object.entries(sums)) {
    const said = `${count.toLocaleString("en-US")} ${name}`;
    assert.ok(report.includes(said), `docs/reliability.md does not say "${said}"`);
  }
});
