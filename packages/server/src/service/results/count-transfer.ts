import type { Bus } from "../../bus/bus.ts";

/**
 * Passes the bytes through and publishes the progress of the file on the bus. `fromBytes`: offset
 * of the first byte in the file.
 */
export async function* countTransfer<Chunk extends Uint8Array>(
  bus: Pick<Bus, "transferProgress">,
  { actionId, index, fromBytes }: { readonly actionId: string; readonly index: number; readonly fromBytes: number },
  body: AsyncIterable<Chunk>,
): AsyncGenerator<Chunk> {
  let transferredBytes = fromBytes;
  for await (const chunk of body) {
    transferredBytes += chunk.length;
    bus.transferProgress({ actionId, index, transferredBytes });
    yield chunk;
  }
}
