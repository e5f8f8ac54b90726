/**
 * Runs schedules with one mutation until an invariant detects it. It is a separate process, because
 * the mutation is applied while modules load; the files on disk do not change. It begins at the
 * given seed and wraps around, so a stale seed only costs time. Prints JSON: `{ "schedules": N,
 * "seed": ..., "invariant": ..., "message": ... }`, nulls when no schedule detected it.
 *
 *   node mutant.ts NAME SCHEDULES FIRST_SEED
 */
import { registerHooks } from "node:module";
import { type Edit, MUTATIONS } from "./mutations.ts";

const [name, schedules, firstSeed] = process.argv.slice(2);
const mutation = MUTATIONS.find((known) => known.name === name);
if (!mutation) throw new Error(`there is no mutation ${JSON.stringify(name)}`);
const left = new Set<Edit>(mutation.edits);

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const edits = mutation.edits.filter(({ file }) => url.endsWith(`/packages/${file}`));
    if (edits.length === 0) return loaded;
    return { ...loaded, source: edits.reduce(mutated, String(loaded.source)) };
  },
});

function mutated(source: string, edit: Edit): string {
  const parts = source.split(edit.find);
  if (parts.length !== 2) throw new Error(`${edit.file} has ${parts.length - 1} times: ${edit.find}`);
  left.delete(edit);
  return parts.join(edit.replace);
}

Error.stackTraceLimit = 0;
const { MemoryDatabase } = await import("../../src/server/memory-database.ts");
const { runSchedule } = await import("../../src/schedule.ts");
for (const { file } of left) throw new Error(`${file} was not loaded`);

const database = await MemoryDatabase.open();
const last = Number(schedules);
const first = Number(firstSeed);
const report = { schedules: 0, seed: null, invariant: null, message: null };
while (report.schedules < last && report.invariant === null) {
  const seed = ((first - 1 + report.schedules) % last) + 1;
  const { violation } = await runSchedule(seed, database);
  report.schedules += 1;
  if (violation) Object.assign(report, { seed, ...violation });
}
process.stdout.write(JSON.stringify(report));
