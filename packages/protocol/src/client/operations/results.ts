import { TranscriptWire } from "../../api/index.ts";
import { UnexpectedResponseError } from "../errors.ts";
import type { CallOptions } from "../options.ts";
import { type Fetch, fetchOnce } from "../transport/fetch-once.ts";
import { readApiError, readJson } from "../transport/read-response.ts";

/**
 * Downloads results by the URL of `getDownloadUrl`.
 *
 * @example
 * ```ts
 * const url = await client.getDownloadUrl("11111111-2222-3333-4444-555555555555", 0);
 * const response = await client.downloadResult(url);
 * if (response.body !== null) await writeFile("result.gz", response.body);
 * ```
 */
export interface ResultOperations {
  /**
   * The bytes of a result link, as a stream that the caller reads or cancels. The request has no
   * Authorization header: the link itself grants access, and some object stores refuse a request
   * that has both.
   */
  downloadResult(url: string, options?: CallOptions): Promise<Response>;
  /** Downloads the complete transcript of a RunScript. */
  downloadTranscript(url: string, options?: CallOptions): Promise<TranscriptWire>;
}

export function resultOperations(fetch: Fetch, responseTimeoutMs: number): ResultOperations {
  const downloadResult: ResultOperations["downloadResult"] = async (url, { signal } = {}) => {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw new UnexpectedResponseError("The result link is not an http or https address");
    }
    const response = await fetchOnce(fetch, { url, init: { method: "GET" }, what: WHAT, responseTimeoutMs, signal });
    if (!response.ok) throw await readApiError(response, WHAT);
    return response;
  };
  return {
    downloadResult,
    downloadTranscript: async (url, options) => readJson(await downloadResult(url, options), TranscriptWire, WHAT),
  };
}

/** Messages do not contain the link, because it grants access to the result. */
const WHAT = "The download of a result";
