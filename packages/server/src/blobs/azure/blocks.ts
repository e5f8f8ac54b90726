import type { BlockBlobClient } from "@azure/storage-blob";
import type { Random } from "../../auth/random.ts";
import type { WholeWriter } from "../objects/object-store.ts";

/**
 * Blocks of one writer carry a random mark in their ids: uncommitted blocks belong to the blob, not to a writer, and with plain numbers
 * one writer could commit what another has staged. Committing discards the blocks of all others, whose commit is then refused.
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
      // Whoever was first stays: a result does not change.
      const conditions = { ifNoneMatch: "*" };
      await call((abortSignal) => blob.commitBlockList(ids, { abortSignal, conditions, metadata: { sha256 } }));
    },
    // Blocks have no deletion of their own; Azure discards them when another commits, or after a week.
    abandon: () => Promise.resolve(),
  };
}
