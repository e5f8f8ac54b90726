/**
 * How many bytes a script wrote to its streams, with the result of its command
 * (docs/decisions/0054-output-as-it-was.md).
 */
import { type Static, Type } from "typebox";
import { SizeBytes } from "../ids.ts";

/**
 * In `features` of a hello: the agent reports {@link OutputCounts}. In those of the answer: the
 * server takes them.
 */
export const OUTPUT_COUNTS = "outputCounts";

const closed = { additionalProperties: false } as const;

export const StreamCounts = Type.Object(
  {
    /** Of the stream as the transcript has it, without the agent's notes at its end. */
    bytes: SizeBytes,
    /** What the script has written. Absent when it is `bytes`. */
    writtenBytes: Type.Optional(SizeBytes),
    /**
     * What of it is among `bytes`. Absent when it is `bytes`. Less than that on a full disk, where
     * notes of the agent stand in gaps.
     */
    keptBytes: Type.Optional(SizeBytes),
    /** The bytes are not UTF-8: the transcript has them as base64 too. */
    isBinary: Type.Optional(Type.Literal(true)),
  },
  closed,
);
export type StreamCounts = Static<typeof StreamCounts>;

export const OutputCounts = Type.Object({ stdout: StreamCounts, stderr: StreamCounts }, closed);
export type OutputCounts = Static<typeof OutputCounts>;
