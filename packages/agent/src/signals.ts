/** What signals do to a running agent. On Windows only SIGINT, SIGTERM and SIGHUP exist, and the system ends the process after SIGHUP. */
import type { Log } from "./core/ports.ts";

const STOPS = ["SIGTERM", "SIGINT", "SIGQUIT"] as const;
/**
 * The agent outlives the terminal that it was started from (SIGHUP), and reads no file that a SIGHUP could mean. By default SIGUSR1
 * opens Node's inspector to every user of the device, and SIGUSR2 ends the process. SIGPIPE is ignored by the runtime.
 */
const IGNORED = ["SIGHUP", "SIGUSR1", "SIGUSR2"] as const;

/**
 * Calls `stop` at each signal that stops. A second one changes nothing: the agent ends the running
 * process tree within seconds (`LIMITS.stopMs`). If it exited earlier, the tree would run
 * unsupervised.
 */
export function takeSignals(log: Log, stop: () => void): void {
  for (const signal of STOPS) process.on(signal, stop);
  for (const signal of IGNORED) process.on(signal, () => log.info("signalIgnored", { signal }));
  // The reader of the log has gone: without a listener the error would end the agent.
  process.stderr.on("error", () => undefined);
}
