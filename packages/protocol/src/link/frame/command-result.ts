import { type Static, Type } from "typebox";
import { FileChange } from "../file-change.ts";
import { Sha256, SizeBytes, UploadId } from "../ids.ts";
import { MAX_INLINE_TRANSCRIPT_BYTES } from "./frame-bounds.ts";
import { OutputCounts } from "./output-counts.ts";

const closed = { additionalProperties: false } as const;

/**
 * The transcript as the contract's JSON text (`docs/contract/lifecycle.md#results`), stored and
 * handed out byte for byte.
 */
export const InlineResult = Type.Object(
  {
    kind: Type.Literal("inline"),
    transcript: Type.String({ maxLength: MAX_INLINE_TRANSCRIPT_BYTES }),
    /** Only to a server that has the feature, as in an {@link UploadedResult}. */
    output: Type.Optional(OutputCounts),
  },
  closed,
);
/**
 * A completed upload: the server answered the `complete` call with success and has the result
 * durably.
 */
export const UploadedResult = Type.Object(
  {
    kind: Type.Literal("uploaded"),
    uploadId: UploadId,
    sizeBytes: SizeBytes,
    sha256: Sha256,
    /** Present only for a collected file that changed. Since link version 2. */
    fileChange: Type.Optional(FileChange),
    /** Of a transcript. */
    output: Type.Optional(OutputCounts),
  },
  closed,
);
export const CommandResult = Type.Union([InlineResult, UploadedResult]);
export type CommandResult = Static<typeof CommandResult>;
