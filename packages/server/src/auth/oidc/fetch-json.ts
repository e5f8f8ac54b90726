/** Gets a JSON document. A port, so that tests need no network. Throws for everything that is not one. */
export type FetchJson = (url: URL, signal: AbortSignal) => Promise<unknown>;

export interface FetchJsonLimits {
  /** For the whole answer, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number;
  /** Longest document, in bytes. Default 512 KiB: a hundred keys with their certificates have half of that. */
  readonly limitBytes?: number;
}

/** Over the network. A redirect is not followed: it could lead anywhere (threat 3.7). */
export function fetchJsonWithin({ timeoutMs = 5_000, limitBytes = 512 * 1024 }: FetchJsonLimits = {}): FetchJson {
  return async (url, signal) => {
    const response = await fetch(url, {
      // A connection kept from before may be dead when an issuer has started again; then this attempt would be lost, and its cooldown.
      headers: { accept: "application/json", connection: "close" },
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel();
      throw new Error(`${url.href} answered ${response.status}`);
    }
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    // Leaving the loop by throwing cancels the rest.
    for await (const chunk of response.body) {
      sizeBytes += chunk.length;
      if (sizeBytes > limitBytes) throw new Error(`${url.href} answered more than ${limitBytes} bytes`);
      chunks.push(chunk);
    }
    try {
      return JSON.parse(Buffer.concat(chunks).toString("utf8"));
    } catch (cause) {
      throw new Error(`${url.href} did not answer JSON`, { cause });
    }
  };
}
