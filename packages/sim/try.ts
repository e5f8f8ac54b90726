import { runSchedule } from "./src/schedule.ts";
import { MemoryDatabase } from "./src/server/memory-database.ts";

const db = await MemoryDatabase.open();
const sum = new Map<string, number>();
for (let seed = 1; seed <= 2000; seed += 8) {
  const { faults, violation } = await runSchedule(seed, db);
  if (violation) console.log(seed, violation.message);
  for (const [k, v] of faults) if (k.includes("proxy")) sum.set(k, (sum.get(k) ?? 0) + v);
}
console.log("done", sum);
