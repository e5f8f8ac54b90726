import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { MUTANT_SCHEDULES } from "../schedules.ts";

const MUTANT = fileURLToPath(new URL("mutant.ts", import.meta.url));

/** `renew-seeds.ts` writes it. */
export const SEEDS_FILE = new URL("seeds.json", import.meta.url);

/**
 * For each mutation a seed that detected it, where its search begins. Any schedule may detect it;
 * this one only makes the search short.
 */
export const SEEDS: ReadonlyMap<string, number> = new Map(
  Object.entries(JSON.parse(readFileSync(SEEDS_FILE, "utf8"))).map(([name, seed]) => [name, Number(seed)]),
);

export interface MutantReport {
  schedules: number;
  seed: number | null;
  invariant: string | null;
  message: string | null;
}

export async function runMutant(name: string): Promise<MutantReport> {
  const args = [MUTANT, name, String(MUTANT_SCHEDULES), String(SEEDS.get(name) ?? 1)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}
