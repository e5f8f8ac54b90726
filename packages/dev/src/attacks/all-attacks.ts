import { anonymousCpu } from "./anonymous-cpu.ts";
import type { Attack } from "./attack.ts";
import { failedAuthentication } from "./failed-authentication.ts";

/** Every attack, in the order of the report. */
export const ATTACKS: readonly Attack[] = [anonymousCpu, failedAuthentication];
