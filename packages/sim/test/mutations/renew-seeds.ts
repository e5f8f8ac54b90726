/**
 * Runs each mutation and writes the seeds that detected it into `seeds.json`. A change that gives
 * seeds other runs makes the old ones stale.
 *
 *   node packages/sim/test/mutations/renew-seeds.ts
 */
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { MUTATIONS } from "./mutations.ts";
import { runMutant, SEEDS, SEEDS_FILE } from "./run-mutant.ts";

const seeds = new Map<string, number>(MUTATIONS.map(({ name }) => [name, SEEDS.get(name) ?? 1]));
const waiting = MUTATIONS.map(({ name }) => name);

async function work(): Promise<void> {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const { seed, schedules, invariant } = await runMutant(name);
    console.log(`${invariant ?? "nothing"} after ${schedules} schedules: ${name}`);
    if (seed !== null) seeds.set(name, seed);
  }
}

await Promise.all(Array.from({ length: availableParallelism() }, work));
writeFileSync(SEEDS_FILE, `${JSON.stringify(Object.fromEntries(seeds), null, 2)}\n`);
