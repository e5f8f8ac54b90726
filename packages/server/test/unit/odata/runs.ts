/** Number of runs of a property. `HALLIGAN_ODATA_RUNS=1000000` for a long run. */
export const RUNS = Number(process.env.HALLIGAN_ODATA_RUNS ?? 1_500);

/** A fixed seed for `npm test`, so that a failure is repeatable. Long runs may choose another. */
export const SEED = Number(process.env.HALLIGAN_ODATA_SEED ?? 20_260_101);
