import { LIBRARY_FILES, libraryFileRecord } from "../../../../odata/entities/library-file-fields.ts";
import { listInMemory } from "../../../../odata/list-in-memory.ts";
import { parseListQuery } from "../../../../odata/query.ts";
import { listLibraryFiles as list } from "../../../../service/library/list-library-files.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { page } from "../../../edge/declared-responses.ts";
import { LibraryFileCollection } from "../../../openapi/components.ts";
import { odataParameters } from "../../../openapi/odata-parameters.ts";
import { sampleLibraryFile } from "../../../openapi/samples/library.ts";
import { contextOf } from "../../../openapi/samples/values.ts";
import { LIBRARY } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { collectionResponse } from "../../present/collection-wire.ts";
import { libraryFileWire } from "../../present/library-file-wire.ts";

const LIST = { path: "/api/libraryfiles", fragment: "LibraryFiles" } as const;

/**
 * All of it on one page, unless `$top` says less: no client follows pages here.
 * `docs/contract/clients-in-the-wild.md#library`.
 */
export const listLibraryFiles = operation({
  name: "ListLibraryFiles",
  method: "GET",
  path: LIST.path,
  access: permitted(LIBRARY),
  rateLimit: "standard",
  doc: {
    tag: "Library",
    summary: "List library files",
    description: "All of them on one page, unless `$top` says less.",
    query: odataParameters(
      LIBRARY_FILES,
      { $filter: "hasParameters eq false", $orderby: "fileName" },
      { hasPages: false },
    ),
  },
  responses: {
    200: page("All of them.", LibraryFileCollection, {
      "@odata.context": contextOf("LibraryFiles"),
      value: [sampleLibraryFile],
    }),
  },
  body: noBody,
  async handler({ query: options }, context) {
    const query = parseListQuery(options, LIBRARY_FILES, context.clock.nowMs(), { hasPages: false });
    if (!query.ok) return domainRefusal(query.error);
    const listed = listInMemory(await list(context), libraryFileRecord, LIBRARY_FILES, query.value);
    return collectionResponse(context, LIST, query.value, listed, listed.rows.map(libraryFileWire));
  },
});
