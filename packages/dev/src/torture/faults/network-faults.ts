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
 * Injects faults into the network between one device and the server, one after another, until
 * `signal` aborts. Then it restores the network.
 */
export async function injectNetworkFaults(
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
          proxy.restore();
          break;
        case "refuse":
          counts.refusals += 1;
          proxy.refuse();
          await pause(50, 800);
          proxy.restore();
          break;
        case "silence":
          counts.silences += 1;
          proxy.silence(random.pick(["both", "both", "up", "down"]));
          await pause(100, random.chance(0.1) ? 7_000 : 2_500);
          // Half of them stay broken. On the others, everything arrives late.
          if (random.chance(0.5)) proxy.cut();
          proxy.restore();
          break;
      }
    }
  } catch (cause) {
    if (!signal.aborted) throw cause;
  } finally {
    proxy.restore();
  }
}
