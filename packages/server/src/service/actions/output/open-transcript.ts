import type { MachineAction } from "../../../domain/actions/machine-action.ts";
import type { ServiceContext } from "../../context.ts";
import type { OpenTranscript } from "./stored-output.ts";

/** The stored transcript of one command. */
export function openTranscriptOf(
  { store, blobs }: Pick<ServiceContext, "store" | "blobs">,
  { id, commands }: MachineAction,
  index: number,
): OpenTranscript {
  const result = commands[index]?.result;
  return async (lastBytes) => {
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
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
