import { LIBRARY_FILES, libraryFileRecord } from "../../domain/odata/library-file-fields.ts";
import { listInMemory } from "../../domain/odata/list-in-memory.ts";
import { parseListQuery } from "../../domain/odata/query.ts";
import { listLibraryFiles as list } from "../../service/list-library-files.ts";
import { permitted } from "../access.ts";
import { noBody } from "../body-kinds.ts";
import { operation } from "../context.ts";
import { collectionAnswer } from "../wire/collection-wire.ts";
import { libraryFileWire } from "../wire/library-file-wire.ts";
import { domainRefusal } from "../wire-errors.ts";

const LIST = { path: "/api/libraryfiles", fragment: "LibraryFiles" } as const;

/**
 * All of it on one page, unless `$top` says less: no client follows pages here.
 * `docs/contract/clients-in-the-wild.md#library`.
 */
export const listLibraryFiles = operation({
  name: "ListLibraryFiles",
  method: "GET",
  path: LIST.path,
  access: permitted("ListLibraryFiles"),
  body: noBody,
  async handler({ query: options }, context) {
    const query = parseListQuery(options, LIBRARY_FILES, context.clock.nowMs(), { hasPages: false });
    if (!query.ok) return domainRefusal(query.error);
    const listed = listInMemory(await list(context), libraryFileRecord, LIBRARY_FILES, query.value);
    return collectionAnswer(context, LIST, query.value, listed, listed.rows.map(libraryFileWire));
  },
});
