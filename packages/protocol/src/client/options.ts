export interface CallOptions {
  /** Ends the call, its waits included, with the signal's reason. */
  signal?: AbortSignal | undefined;
}
