import { anonymousCpu } from "./anonymous-cpu.ts";
import type { Attack } from "./attack.ts";

/** Every attack, in the order of the report. */
export const ATTACKS: readonly Attack[] = [anonymousCpu];
