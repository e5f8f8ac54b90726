/** How often a property is tried. `HALLIGAN_ODATA_RUNS=1000000` for a long run. */
export const RUNS = Number(process.env.HALLIGAN_ODATA_RUNS ?? 1_500);

/** One seed for `npm test`, so that a red run is red again; long runs may choose another. */
export const SEED = Number(process.env.HALLIGAN_ODATA_SEED ?? 20_260_101);
