/**
 * Loaded into a server before its own code (`NODE_OPTIONS=--import`): its monotonic clock jumps
 * ahead by a little more than a minute at each SIGUSR2. A stored deadline fires only after 60 such
 * seconds, which no test can wait for.
 */
const JUMP_MS = 61_000;

const now = performance.now.bind(performance);
let aheadMs = 0;
performance.now = () => now() + aheadMs;
process.on("SIGUSR2", () => {
  aheadMs += JUMP_MS;
});
