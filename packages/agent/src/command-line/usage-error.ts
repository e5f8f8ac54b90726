/** A wrong command line: exit code 64. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The values of `parseArgs`, whose errors become {@link UsageError}. */
export function parsedOrUsage<T extends { values: unknown }>(work: () => T): T["values"] {
  try {
    return work().values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
