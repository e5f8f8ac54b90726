import { PerformanceObserver } from "node:perf_hooks";
import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/**
 * Committed size of the two halves of V8's young generation. V8's own limit is 32 MiB, which a busy
 * server reaches and never returns (docs/decisions/0004).
 */
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Stops the growth of V8's young generation at {@link MAX_BYTES}. `--max-semi-space-size` has no
 * effect once V8 has started, so the growth is switched off and on after collections: V8 shrinks
 * the young generation of an idle server, and it has to grow again.
 */
export function boundYoungGeneration(): Disposable {
  let canGrow = true;
  const bound = () => {
    const isFull = sizeBytes() >= MAX_BYTES;
    if (isFull !== canGrow) return;
    canGrow = !isFull;
    setFlagsFromString(`--semi-space-growth-factor=${canGrow ? 2 : 1}`);
  };
  const observer = new PerformanceObserver(bound);
  observer.observe({ entryTypes: ["gc"] });
  bound();
  return { [Symbol.dispose]: () => observer.disconnect() };
}

const sizeBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === "new_space")?.space_size ?? 0;
