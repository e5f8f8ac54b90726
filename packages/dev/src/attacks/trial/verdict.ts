import type { AttackCounters } from "../attack.ts";
import type { LoadFigures } from "./honest-load.ts";

export const MAX_P99_RATIO = 3;
/**
 * Descriptors that a server may hold for reasons of its own: a log file, a compile cache, a
 * keep-alive connection.
 */
const ALLOWED_DESCRIPTORS = 16;

export interface TrialFigures {
  readonly attack: string;
  readonly point: number;
  readonly seconds: number;
  readonly quiet: LoadFigures;
  /**
   * The same attacker against a server that answers 404: what honest callers lose to the
   * competition for the processor alone.
   */
  readonly baseline: LoadFigures;
  readonly during: LoadFigures;
  readonly after: LoadFigures;
  readonly memoryMib: { before: number; highest: number; after: number; growthLimit: number };
  readonly descriptors: { before: number; after: number };
  readonly agentConnectionsLost: number;
  readonly readyStatusAfter: number;
  readonly counters: AttackCounters;
  /** Sentences of the attack's own check. */
  readonly notAsBefore: readonly string[];
}

/**
 * p99 with the attack by p99 without it. The baseline counts as "without": there the attacker takes
 * the same share of the processor.
 */
export function p99Ratio({ quiet, baseline }: TrialFigures, measured: LoadFigures): number {
  return measured.p99Ms / Math.max(quiet.p99Ms, baseline.p99Ms);
}

/** One sentence for each limit that the deployment exceeded. */
export function failuresOf(figures: TrialFigures, maxP99Ratio = MAX_P99_RATIO): string[] {
  const { during, after, memoryMib, descriptors } = figures;
  const failures: string[] = [];
  const judge = (when: string, load: LoadFigures) => {
    const ratio = p99Ratio(figures, load);
    if (!(ratio <= maxP99Ratio))
      failures.push(`honest callers' p99 ${when} the attack is ${ratio.toFixed(1)} times its value`);
    if (load.lostRequests > 0)
      failures.push(`${load.lostRequests} of ${load.requests} honest requests were lost ${when} the attack`);
    if (load.lostActions > 0) failures.push(`${load.lostActions} honest actions were lost ${when} the attack`);
  };
  judge("during", during);
  judge("after", after);
  if (figures.agentConnectionsLost > 0) {
    failures.push(`honest agents lost their connection ${figures.agentConnectionsLost} times`);
  }
  const growth = memoryMib.highest - memoryMib.before;
  if (growth > memoryMib.growthLimit) {
    failures.push(`the server grew by ${Math.round(growth)} MiB; the limit is ${memoryMib.growthLimit} MiB`);
  }
  if (descriptors.after > descriptors.before + ALLOWED_DESCRIPTORS) {
    failures.push(
      `the server has ${descriptors.after} descriptors open after the attack, ${descriptors.before} before it`,
    );
  }
  if (figures.readyStatusAfter !== 200) failures.push(`/readyz answers ${figures.readyStatusAfter} after the attack`);
  return [...failures, ...figures.notAsBefore];
}
