import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { clusterTrial } from "../../../src/cluster/cluster-trial.ts";
import { parsedOrUsage } from "../../../src/parsed-or-usage.ts";
import { openOwnBackends } from "./own-backends.ts";

/**
 * `npm run cluster -- --seconds N`: exit 0 when every promise was kept, 1 with the seed and the
 * facts when not.
 */
const USAGE = "usage: npm run cluster -- --seconds N [--nodes 1-20] [--devices 1-5000] [--seed TEXT]\n";
const { values } = parsedOrUsage(USAGE, () =>
  parseArgs({
    options: {
      seconds: { type: "string", default: "60" },
      nodes: { type: "string", default: "3" },
      devices: { type: "string", default: "200" },
      seed: { type: "string", default: randomUUID().slice(0, 8) },
    },
  }),
);
const begunMs = performance.now();
const say = (text: string) =>
  process.stdout.write(`${((performance.now() - begunMs) / 1000).toFixed(1).padStart(7)} s  ${text}\n`);

const [seconds, nodes, devices] = [Number(values.seconds), Number(values.nodes), Number(values.devices)];
const { seed } = values;
if (![seconds, nodes, devices].every((n) => Number.isInteger(n) && n >= 1) || nodes > 20 || devices > 5_000) {
  process.stderr.write(USAGE);
  process.exitCode = 2;
} else {
  const backends = await openOwnBackends();
  if (typeof backends === "string") {
    process.stderr.write(`${backends}\n`);
    process.exitCode = 2;
  } else {
    await using _ = backends;
    say(`seed ${seed}, ${seconds} s of faults, ${nodes} nodes, ${devices} devices`);
    const { violations, explanation, ...counts } = await clusterTrial({ backends, nodes, devices, seconds, seed }, say);
    say(`seed ${seed}: ${JSON.stringify(counts)}; ${violations.length} violations`);
    if (violations.length > 0) {
      process.stderr.write(
        `\n${violations.length} violations, seed ${seed}:\n${violations.join("\n")}\n${explanation}\n`,
      );
      process.exitCode = 1;
    }
  }
}
