import { type Static, Type } from "typebox";

/** `docs/contract/http-api.md#library-files`. */
export const LibraryFileWire = Type.Object({
  "@odata.context": Type.Optional(Type.String()),
  fileName: Type.String(),
  sha256: Type.String(),
  description: Type.Union([Type.String(), Type.Null()]),
  creationTime: Type.String(),
  lastUpdatedTime: Type.String(),
  createdBy: Type.String(),
  hasParameters: Type.Boolean(),
  parametersDescription: Type.Union([Type.String(), Type.Null()]),
});
export type LibraryFileWire = Static<typeof LibraryFileWire>;

/**
 * Letters, digits, `-`, `_` and `.`; not `.` or `..`. Bounded so that it is a file name everywhere.
 */
export const LIBRARY_FILE_NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}$/;
