import type { Attack } from "../attack.ts";
import type { LoadFigures } from "./honest-load.ts";
import { p99Ratio, type TrialFigures } from "./verdict.ts";

/** The report of one attack as text. */
export function describeTrial({ title }: Attack, figures: TrialFigures, failures: readonly string[]): string {
  const { memoryMib, descriptors } = figures;
  const row = (name: string, load: LoadFigures) =>
    `  ${name.padEnd(15)} p50 ${ms(load.p50Ms)}  p99 ${ms(load.p99Ms)}  ratio ${p99Ratio(figures, load).toFixed(2).padStart(5)}` +
    `  lost ${load.lostRequests}/${load.requests} requests, ${load.lostActions}/${load.actions + load.lostActions} actions` +
    ` (slowest ${ms(load.slowestActionMs).trim()})`;
  return [
    `${figures.attack} (point ${figures.point}): ${title}`,
    row("without attack", figures.quiet),
    row("baseline (404)", figures.baseline),
    row("with attack", figures.during),
    row("after", figures.after),
    `  agents lost ${figures.agentConnectionsLost}; memory ${memoryMib.before} / ${memoryMib.highest} / ${memoryMib.after} MiB` +
      ` before / highest / after (growth limit ${memoryMib.growthLimit}); descriptors ${descriptors.before} / ${descriptors.after}`,
    `  attacker: ${JSON.stringify(figures.counters)}`,
    ...failures.map((failure) => `  FAILED: ${failure}`),
    failures.length === 0 ? "  ok" : "",
    "",
  ].join("\n");
}

const ms = (value: number) => `${value.toFixed(1).padStart(8)} ms`;
