import type { MachineAction } from "../../../domain/actions/machine-action.ts";
import type { ServiceContext } from "../../context.ts";
import type { OpenTranscript } from "./stored-output.ts";

/**
 * The stored transcript of one command. It ends early when `signal` is aborted: a reader that skips
 * to a far place would go on alone after its caller has left.
 */
export function openTranscriptOf(
  { store, blobs }: Pick<ServiceContext, "store" | "blobs">,
  { id, commands }: MachineAction,
  index: number,
  signal: AbortSignal,
): OpenTranscript {
  const result = commands[index]?.result;
  const open: OpenTranscript = async (lastBytes) => {
    if (result?.kind === "inline") {
      const bytes = await store.read((tx) => tx.results.inline(id, index));
      return bytes ? once(Buffer.from(bytes).subarray(lastBytes === undefined ? 0 : -lastBytes)) : null;
    }
    if (result?.kind !== "blob") return null;
    const { resultId, sha256, sizeBytes } = result;
    const start = lastBytes === undefined ? 0 : Math.max(0, sizeBytes - lastBytes);
    const opened = await blobs.openResult({ resultId, sha256 }, { start, end: sizeBytes - 1 });
    return opened?.stream ?? null;
  };
  return async (lastBytes) => {
    const chunks = await open(lastBytes);
    return chunks && untilAborted(chunks, signal);
  };
}

export async function* untilAborted(chunks: AsyncIterable<Buffer>, signal: AbortSignal): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    if (signal.aborted) return;
    yield chunk;
  }
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
