import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { proxyFuzz } from "../link-proxy/proxy-fuzz.ts";
import { parsedOrUsage } from "../parsed-or-usage.ts";
import { fuzz } from "./fuzz.ts";

/**
 * `npm run fuzz -- --frames N`; with `--proxy` a hostile proxy instead of hostile devices. Exits
 * with 0 when no rule was violated, and else with 1, the seed and the facts. `--json`: a line for
 * docs/reliability-runs.jsonl on standard output, all else on standard error.
 */
const USAGE = "usage: npm run fuzz -- --frames N [--seed TEXT] [--only ATTACK]... [--proxy] [--json]\n";
const { values } = parsedOrUsage(USAGE, () =>
  parseArgs({
    options: {
      frames: { type: "string", default: "100000" },
      seed: { type: "string", default: randomUUID().slice(0, 8) },
      only: { type: "string", multiple: true },
      json: { type: "boolean", default: false },
      proxy: { type: "boolean", default: false },
    },
  }),
);
const begunMs = performance.now();
const say = (text: string) =>
  (values.json ? process.stderr : process.stdout).write(
    `${((performance.now() - begunMs) / 1000).toFixed(1).padStart(7)} s  ${text}\n`,
  );

const frames = Number(values.frames);
if (!Number.isInteger(frames) || frames < 1) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  say(`seed ${values.seed}, ${frames} frames`);
  const { violations, ...counts } = values.proxy
    ? await proxyFuzz({ frames, seed: values.seed }, say)
    : await fuzz({ frames, seed: values.seed, only: values.only ?? [] }, say);
  say(`seed ${values.seed}: ${JSON.stringify(counts)}; ${violations.length} violations`);
  if (values.json) {
    const run = {
      run: values.proxy ? "proxy fuzz" : "fuzz",
      seed: values.seed,
      ...counts,
      violations: violations.length,
    };
    process.stdout.write(`${JSON.stringify(run)}\n`);
  }
  if (violations.length > 0) {
    process.stderr.write(`\n${violations.length} violations, seed ${values.seed}:\n${violations.join("\n")}\n`);
    process.exitCode = 1;
  }
}
