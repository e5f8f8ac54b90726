import { constants } from "node:os";

/**
 * The system's numbers of the signals. A program that was ended by a signal exits with 128 plus its
 * number.
 */
const exitCodeOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

const STOPS = ["SIGTERM", "SIGINT", "SIGQUIT"] as const;

/**
 * By default SIGUSR1 opens Node's inspector to every user of the machine; SIGUSR2 and SIGHUP end
 * the process. SIGHUP comes when a terminal closes, and from service managers that mean "read your
 * files again". SIGPIPE is ignored by Node itself. On Windows SIGHUP means that the console closes,
 * and the system ends the process whatever the handler does.
 */
const IGNORED = ["SIGHUP", "SIGUSR1", "SIGUSR2"] as const;

/**
 * For all commands, and as early as possible: a signal that arrives before this has its default
 * effect.
 */
export function ignoreSignals(): void {
  for (const signal of IGNORED) process.on(signal, () => undefined);
}

/**
 * Resolves with the first signal that stops the server. A second one, of either kind, ends the
 * process at once.
 */
export function nextStopSignal(): Promise<NodeJS.Signals> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  let isStopping = false;
  for (const signal of STOPS) {
    process.on(signal, () => {
      if (isStopping) process.exit(exitCodeOf(signal));
      isStopping = true;
      resolve(signal);
    });
  }
  return promise;
}
