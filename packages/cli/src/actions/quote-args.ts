/** Characters that no splitter gives a meaning to. */
const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;

/**
 * One string for the contract's `Args` that the agent splits into exactly `args` again: single
 * quotes keep every character unchanged, and a single quote itself is closed, escaped and opened
 * again.
 */
export function quoteArgs(args: readonly string[]): string {
  return args.map((arg) => (PLAIN.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`)).join(" ");
}
