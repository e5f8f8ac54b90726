/**
 * Resolves when all remaining work waits for a simulated event. The simulation drives only promises
 * on its own ports. One turn of the event loop is therefore enough, because every microtask runs
 * before it. No real time passes.
 */
export const quiet = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
