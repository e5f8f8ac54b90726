/** Gets a JSON document. A port, so that tests need no network. Throws for every other response. */
export type FetchJson = (url: URL, signal: AbortSignal) => Promise<unknown>;

export interface FetchJsonLimits {
  /** For the whole response, in milliseconds. Default 5,000. */
  readonly timeoutMs?: number;
  /**
   * Longest document, in bytes. Default 512 KiB: twice the size of a hundred keys with their
   * certificates.
   */
  readonly limitBytes?: number;
}

/** Over the network. Redirects are not followed, because they could lead anywhere (threat 3.7). */
export function fetchJsonWithin({ timeoutMs = 5_000, limitBytes = 512 * 1024 }: FetchJsonLimits = {}): FetchJson {
  return async (url, signal) => {
    const response = await fetch(url, {
      // A kept connection may be dead if the issuer has restarted. This attempt would then fail,
      // and the next one would wait for the cooldown.
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
    // Leaving the loop by throwing cancels the response body.
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
