import type { Bus } from "../../bus/bus.ts";

/**
 * The bytes as they come, while the bus is told how far the file is. `fromBytes`: where in the file they begin.
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
