import { ApiError, type HalliganClient, UnexpectedResponseError, UnreachableError } from "@halligan/protocol/client";
import { sleep, systemClock } from "@halligan/protocol/time";

/** The server ends a wait earlier when its own longest one is shorter. */
const WAIT_MS = 30_000;
const PAUSE_MS = 500;
/** Connections that broke without a byte between them. */
const MAX_CUTS = 10;

/** The bytes of a result while the device sends it. A cut response is continued. */
export async function* arrivingBytes(
  client: HalliganClient,
  actionId: string,
  commandIndex: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let fromBytes = 0;
  let transferId: string | null = null;
  for (let cuts = 0; ; ) {
    const resume: { fromBytes: number; transferId: string } | undefined =
      transferId === null ? undefined : { fromBytes, transferId };
    let response: Response;
    try {
      response = await client.downloadCommandFile(actionId, commandIndex, { waitMs: WAIT_MS, resume, signal });
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 400 && error.code === "BadRequest")) throw error;
      await sleep(systemClock, PAUSE_MS, signal);
      continue;
    }
    transferId ??= response.headers.get("etag")?.replaceAll('"', "") ?? null;
    if (response.body === null || transferId === null) {
      throw new UnexpectedResponseError("The download of a file was answered without a body or without its ETag");
    }
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
