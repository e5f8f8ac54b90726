import type { HalliganClient } from "@halligan/protocol/client";
import { UnexpectedResponseError, UnreachableError } from "@halligan/protocol/client";
import { sleep, systemClock } from "@halligan/protocol/time";

const PAUSE_MS = 500;
/** Connections that broke without a byte between them. */
const MAX_CUTS = 10;

export interface OutputOf {
  actionId: string;
  commandIndex: number;
  stream: "stdout" | "stderr";
}

/** What a script wrote to one stream. A cut response is continued at the byte where it broke. */
export async function* outputBytes(
  client: HalliganClient,
  { actionId, commandIndex, stream }: OutputOf,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let version: string | null = null;
  let fromBytes = 0;
  for (let cuts = 0; ; ) {
    const response = await client.downloadCommandOutput(actionId, commandIndex, stream, { fromBytes, signal });
    const etag = response.headers.get("etag");
    const isRest = fromBytes === 0 || response.status === 206;
    if (response.body === null || !isRest || (version !== null && etag !== version)) {
      await response.body?.cancel();
      throw new UnexpectedResponseError("The download of output was not answered with the bytes that were asked for");
    }
    version = etag;
    try {
      for await (const chunk of response.body) {
        fromBytes += chunk.byteLength;
        cuts = 0;
        yield chunk;
      }
      return;
    } catch (error) {
      // A connection that breaks in the middle of a body is a TypeError of fetch.
      if (!(error instanceof TypeError || error instanceof UnreachableError) || ++cuts > MAX_CUTS) throw error;
      await sleep(systemClock, PAUSE_MS, signal);
    }
  }
}
