import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { parsedOrUsage } from "../parsed-or-usage.ts";
import { runtimeExecutable } from "../runtimes.ts";
import { torture } from "./torture.ts";

/**
 * `npm run torture -- --kills N`. Exits with 0 when every promise was kept, and else with 1, the
 * seed and the facts. `--json`: a line for docs/reliability-runs.jsonl on standard output, all else
 * on standard error.
 */
const USAGE = "usage: npm run torture -- --kills N [--agents 1-50] [--seed TEXT] [--runtime node|bun] [--json]\n";
const { values } = parsedOrUsage(USAGE, () =>
  parseArgs({
    options: {
      kills: { type: "string", default: "40" },
      agents: { type: "string", default: "3" },
      seed: { type: "string", default: randomUUID().slice(0, 8) },
      runtime: { type: "string", default: "node" },
      json: { type: "boolean", default: false },
    },
  }),
);
const begunMs = performance.now();
const say = (text: string) =>
  (values.json ? process.stderr : process.stdout).write(
    `${((performance.now() - begunMs) / 1000).toFixed(1).padStart(7)} s  ${text}\n`,
  );

const runtime = values.runtime === "bun" ? "bun" : "node";
const [kills, agents] = [Number(values.kills), Number(values.agents)];
if (!Number.isInteger(kills) || kills < 1 || !Number.isInteger(agents) || agents < 1 || agents > 50) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else if (runtimeExecutable(runtime) === null) {
  process.stderr.write(`there is no ${runtime} for this platform in this install\n`);
  process.exitCode = 2;
} else {
  say(`seed ${values.seed}, ${kills} kills, ${agents} agents under ${runtime}`);
  const { violations, ...counts } = await torture({ kills, agents, seed: values.seed, runtime }, say);
  say(`seed ${values.seed} ${runtime}: ${JSON.stringify(counts)}; ${violations.length} violations`);
  if (values.json) {
    const run = { run: "torture", seed: values.seed, runtime, ...counts, violations: violations.length };
    process.stdout.write(`${JSON.stringify(run)}\n`);
  }
  if (violations.length > 0) {
    process.stderr.write(`\n${violations.length} violations, seed ${values.seed}:\n${violations.join("\n")}\n`);
    process.exitCode = 1;
  }
}
