import { setFlagsFromString } from "node:v8";

/**
 * Keeps V8's young generation at the 1 MiB that it starts with. A stream of files leaves a trail of
 * 64 KiB buffers, which are freed only when the young generation is collected; at its default limit
 * of 16 MiB that is seldom. For programs that do little else than stream: one under load would
 * spend a sixth of its time on collections (docs/decisions/0004).
 */
export function keepYoungGenerationSmall() {
  if (process.versions.bun) return;
  setFlagsFromString("--semi-space-growth-factor=1");
}
