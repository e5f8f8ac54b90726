const TRIES = 3;

/** The libraries repeat a request that fails, but not one whose answer breaks off in the middle of the body: this does, at once. */
export async function tries<T>(call: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await call();
    } catch (error) {
      if (tried === TRIES) throw error;
    }
  }
}
