/**
 * Resolves when nothing is left to do but what waits for a simulated event. All that the simulation drives is promises on its own ports,
 * so one turn of the event loop, before which every microtask has run, is enough; no real time passes.
 */
export const quiet = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
