/** How many schedules `npm test` runs, from seed 1 on. */
export const SCHEDULES = 60;

/**
 * How many `npm run test:system` runs, from seed 1 on. More of them: `npm run sim -- --schedules N
 * --from SEED`.
 */
export const MANY_SCHEDULES = 400;

/** How many schedules a mutation may take until an invariant notices it. */
export const MUTANT_SCHEDULES = 2_000;
