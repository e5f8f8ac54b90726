/**
 * What signals do to a running agent. On Windows only SIGINT, SIGTERM and SIGHUP exist, and the
 * system ends the process after SIGHUP.
 */
import type { Log } from "./core/ports.ts";

const STOPS = ["SIGTERM", "SIGINT", "SIGQUIT"] as const;
/**
 * Signals that the agent ignores. The agent outlives the terminal that started it (SIGHUP) and has
 * no file to reload on a SIGHUP. By default, SIGUSR1 opens Node's inspector to every user of the
 * device, and SIGUSR2 ends the process. The runtime ignores SIGPIPE.
 */
const IGNORED = ["SIGHUP", "SIGUSR1", "SIGUSR2"] as const;

/**
 * Calls `stop` at each signal that stops. A second one changes nothing: the agent ends the running
 * process tree within seconds (`stopMs` of the settings). If it exited earlier, the tree would run
 * unsupervised.
 */
export function takeSignals(log: Log, stop: () => void): void {
  for (const signal of STOPS) process.on(signal, stop);
  for (const signal of IGNORED) process.on(signal, () => log.info("signalIgnored", { signal }));
  // The reader of the log has closed it. Without a listener, the error would end the agent.
  process.stderr.on("error", () => undefined);
}
