/** How many schedules `npm test` runs, from seed 1 on. More of them: `npm run sim -- --schedules N --from SEED`. */
export const SCHEDULES = 2_000;
