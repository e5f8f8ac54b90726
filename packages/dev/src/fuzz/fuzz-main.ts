import { randomUUID } from "node:crypto";
import { parseArgs } from "node:util";
import { fuzz } from "./fuzz.ts";

/** `npm run fuzz -- --frames N`: exit 0 when the server stood it, 1 with the seed and the facts when not. */
const { values } = parseArgs({
  options: {
    frames: { type: "string", default: "100000" },
    seed: { type: "string", default: randomUUID().slice(0, 8) },
    only: { type: "string", multiple: true },
  },
});
const begunMs = performance.now();
const say = (text: string) =>
  process.stdout.write(`${((performance.now() - begunMs) / 1000).toFixed(1).padStart(7)} s  ${text}\n`);

const frames = Number(values.frames);
if (!Number.isInteger(frames) || frames < 1) {
  process.stderr.write("usage: npm run fuzz -- --frames N [--seed TEXT] [--only ATTACK]...\n");
  process.exitCode = 2;
} else {
  say(`seed ${values.seed}, ${frames} frames`);
  const { violations, ...counts } = await fuzz({ frames, seed: values.seed, only: values.only ?? [] }, say);
  say(`seed ${values.seed}: ${JSON.stringify(counts)}; ${violations.length} violations`);
  if (violations.length > 0) {
    process.stderr.write(`\n${violations.length} violations, seed ${values.seed}:\n${violations.join("\n")}\n`);
    process.exitCode = 1;
  }
}
