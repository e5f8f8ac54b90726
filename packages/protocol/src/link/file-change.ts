/** How a file changed on the device while it was collected. */
import { type Static, Type } from "typebox";
import { SizeBytes } from "./ids.ts";

const closed = { additionalProperties: false } as const;

/**
 * grew, shrank: the size differs before and after. Growth hides a change inside the file.
 * rewritten:         the size is the same, the modification time is not: the bytes can be of
 *                    different moments.
 * attributesChanged: neither differs, but the change time does: mode, owner, links or the times
 * themselves.
 * replaced:          the path names another file now, as after a log rotation. The bytes are of the
 *                    first file.
 * removed:           the path names no file now. The bytes are of the first file.
 * cutOff:            the file states no size, as in /proc, and has more than the agent reads of
 *                    such a file.
 */
export const FileChangeKind = Type.Union([
  Type.Literal("grew"),
  Type.Literal("shrank"),
  Type.Literal("rewritten"),
  Type.Literal("attributesChanged"),
  Type.Literal("replaced"),
  Type.Literal("removed"),
  Type.Literal("cutOff"),
]);
export type FileChangeKind = Static<typeof FileChangeKind>;

/** As fstat of the open file reports them. */
export const FileStamp = Type.Object(
  {
    sizeBytes: SizeBytes,
    /**
     * ISO 8601 UTC with nine digits of a second; null for a time outside of the years 0 to 9999.
     */
    modifiedAt: Type.Union([
      Type.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{9}Z$" }),
      Type.Null(),
    ]),
  },
  closed,
);
export type FileStamp = Static<typeof FileStamp>;

export const FileChange = Type.Object(
  {
    kinds: Type.Array(FileChangeKind, { minItems: 1, maxItems: 7, uniqueItems: true }),
    /** Bytes of the file in the result, before compression. */
    collectedBytes: SizeBytes,
    before: FileStamp,
    after: FileStamp,
  },
  closed,
);
export type FileChange = Static<typeof FileChange>;
