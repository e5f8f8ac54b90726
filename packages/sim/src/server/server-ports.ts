import type { Clock } from "@halligan/protocol/time";
import type { ServiceContext } from "@halligan/server/simulation";
import pino from "pino";
import type { ProcessLifetime } from "../time/process-lifetime.ts";
import type { World } from "../world/world.ts";

/**
 * The clocks of one process. The wall clock can jump; the monotonic clock begins with the process.
 */
export function serverClock(world: World, lifetime: ProcessLifetime): Clock {
  const { timeline } = world;
  const startedMs = timeline.nowMs;
  return {
    nowMs: () => world.wallMs,
    monotonicMs: () => timeline.nowMs - startedMs,
    after: (delayMs, fn) => timeline.after(delayMs, () => lifetime.isOver || fn()),
  };
}

/** An error that a running server logs is a violation. */
export function serverLog(world: World, lifetime: ProcessLifetime): ServiceContext["log"] {
  const write = (line: string) => {
    if (!lifetime.isOver) world.violated("nothingBreaks", `the server logged ${line.trim()}`);
  };
  return pino({ level: "error", base: null, timestamp: false }, { write });
}

export function serverIds({ random }: World): ServiceContext["ids"] {
  return { guid: () => guid(random.hex(32)), random: (sizeBytes) => random.bytes(sizeBytes) };
}

const guid = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
