import { setUp } from "./target.ts";

/**
 * What the cases of one process share: those of a `*.test.ts` that imports several `*.cases.ts`, or
 * of one that is run alone.
 */
export const here = setUp({ agents: 2 });
