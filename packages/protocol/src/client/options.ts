/**
 * Options of every method.
 *
 * @example
 * ```ts
 * const options: CallOptions = { signal: AbortSignal.timeout(10_000) };
 * console.log(await client.info(options));
 * ```
 */
export interface CallOptions {
  /** Aborts the call and its waits with the signal's reason. */
  signal?: AbortSignal | undefined;
}
