import { sleep, systemClock } from "@halligan/protocol/time";
import type { SeededRandom } from "../seeded-random.ts";
import type { FaultProxy } from "./fault-proxy.ts";

export interface NetworkFaultCounts {
  cuts: number;
  silences: number;
  delays: number;
  refusals: number;
}

const KINDS = ["cut", "cut", "silence", "silence", "delay", "refuse"] as const;

/**
 * Bad weather on one device's way to the server, one fault after another until `signal` aborts;
 * then it is healed.
 */
export async function disturb(
  proxy: FaultProxy,
  random: SeededRandom,
  counts: NetworkFaultCounts,
  signal: AbortSignal,
): Promise<void> {
  const pause = (lowestMs: number, highestMs: number) =>
    sleep(systemClock, random.between(lowestMs, highestMs), signal);
  try {
    for (;;) {
      await pause(500, 5_000);
      switch (random.pick(KINDS)) {
        case "cut":
          counts.cuts += 1;
          proxy.cut();
          break;
        case "delay":
          counts.delays += 1;
          proxy.delay(random.between(1, 60));
          await pause(300, 2_000);
          proxy.heal();
          break;
        case "refuse":
          counts.refusals += 1;
          proxy.refuse();
          await pause(50, 800);
          proxy.heal();
          break;
        case "silence":
          counts.silences += 1;
          proxy.silence(random.pick(["both", "both", "up", "down"]));
          await pause(100, random.chance(0.1) ? 7_000 : 2_500);
          // Half of them never come to life again; from the others everything comes late.
          if (random.chance(0.5)) proxy.cut();
          proxy.heal();
          break;
      }
    }
  } catch (cause) {
    if (!signal.aborted) throw cause;
  } finally {
    proxy.heal();
  }
}
