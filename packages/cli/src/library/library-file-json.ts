import type { LibraryFileWire } from "@halligan/protocol/api";

/** A library file in `--json`: the API's entity without its OData context. */
export function libraryFileJson({
  "@odata.context": _,
  ...file
}: LibraryFileWire): Omit<LibraryFileWire, "@odata.context"> {
  return file;
}
