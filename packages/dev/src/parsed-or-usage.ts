/**
 * The options of a program of this package. Ends the process with the usage when it is asked for,
 * and with 2, the mistake and the usage when the arguments are wrong.
 */
export function parsedOrUsage<T>(usage: string, parse: () => T): T {
  const args = process.argv.slice(2);
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(usage);
    process.exit(0);
  }
  try {
    return parse();
  } catch (cause) {
    process.stderr.write(`${cause instanceof Error ? cause.message : cause}\n\n${usage}`);
    process.exit(2);
  }
}
