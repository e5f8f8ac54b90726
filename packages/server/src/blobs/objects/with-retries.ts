const MAX_ATTEMPTS = 3;

/**
 * The libraries retry a request that fails, but not one whose response breaks off in the middle of
 * the body. This function retries those, at once.
 */
export async function withRetries<T>(call: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await call();
    } catch (error) {
      if (tried === MAX_ATTEMPTS) throw error;
    }
  }
}
