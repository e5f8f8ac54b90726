import { parseArgs } from "node:util";
import { runManySchedules } from "./many-schedules.ts";
import { type Outcome, runSchedule } from "./schedule.ts";
import { MemoryDatabase } from "./server/memory-database.ts";
import { Summary } from "./summary.ts";

const USAGE = `npm run sim -- [--seed N] [--schedules N] [--from SEED] [--threads N]
  --seed N       one schedule, with its trace
  --schedules N  that many, one seed after the other (default 1000)
  --from SEED    the first of them (default 1)
  --threads N    at once (default: as the machine has processors)
Ends with 1 when an invariant was violated, with 2 when the arguments are wrong.`;

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (!options) {
    console.error(USAGE);
    return 2;
  }
  const summary = new Summary();
  const begun = performance.now();
  if (options.seed !== null) {
    const outcome = await runSchedule(options.seed, await MemoryDatabase.open());
    summary.add(outcome);
    console.log(outcome.trace.join("\n"));
    console.log(`trace ${outcome.traceSha256}`);
    tellViolation(outcome);
  } else {
    const { from, schedules, threads } = options;
    const add = (outcome: Outcome): boolean => {
      summary.add(outcome);
      if (!outcome.violation) return true;
      console.log(outcome.trace.join("\n"));
      tellViolation(outcome);
      return false;
    };
    await runManySchedules(from, schedules, add, threads);
  }
  console.log(summary.text((performance.now() - begun) / 1000));
  return summary.violations > 0 ? 1 : 0;
}

function tellViolation({ seed, violation }: Outcome): void {
  if (violation) console.log(`\nseed ${seed}: ${violation.message}\nreplay: npm run sim -- --seed ${seed}\n`);
}

/** Null when the arguments make no sense. */
function readOptions(): { seed: number | null; schedules: number; from: number; threads: number | undefined } | null {
  try {
    const text = { type: "string" } as const;
    const { values } = parseArgs({ options: { seed: text, schedules: text, from: text, threads: text } });
    return {
      seed: values.seed === undefined ? null : wholeNumber(values.seed),
      schedules: wholeNumber(values.schedules ?? "1000"),
      from: wholeNumber(values.from ?? "1"),
      threads: values.threads === undefined ? undefined : wholeNumber(values.threads),
    };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return null;
  }
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Error(`${JSON.stringify(text)} is not a whole number`);
  return Number(text);
}
