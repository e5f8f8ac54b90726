import type { BlockBlobClient } from "@azure/storage-blob";
import type { Random } from "../../auth/random.ts";
import type { WholeWriter } from "../objects/object-store.ts";

/**
 * The block ids of one writer contain a random mark. Uncommitted blocks belong to the blob and not
 * to a writer, so with plain numbers one writer could commit blocks that another has staged. A
 * commit discards the blocks of all other writers, whose commits are then refused.
 */
export function beginBlocks(
  blob: BlockBlobClient,
  sha256: string,
  random: Random,
  call: <T>(call: (signal: AbortSignal) => Promise<T>) => Promise<T>,
): WholeWriter {
  const mark = Buffer.from(random(8)).toString("hex");
  const ids: string[] = [];
  return {
    async write(piece, bytes) {
      const id = Buffer.from(`${mark}.${piece.toString().padStart(7, "0")}`).toString("base64");
      await call((abortSignal) => blob.stageBlock(id, bytes, bytes.length, { abortSignal }));
      ids[piece] = id;
    },
    async finish() {
      // The first writer wins, because a result does not change.
      const conditions = { ifNoneMatch: "*" };
      await call((abortSignal) => blob.commitBlockList(ids, { abortSignal, conditions, metadata: { sha256 } }));
    },
    // Blocks cannot be deleted. Azure discards them when another writer commits, or after a week.
    abandon: () => Promise.resolve(),
  };
}
