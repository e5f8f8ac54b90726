import { removeLibraryFile } from "../../../../service/library/remove-library-file.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { empty } from "../../../edge/declared-responses.ts";
import { noContent } from "../../../edge/http-response.ts";
import { fileNameParameter } from "../../../openapi/samples/parameters.ts";
import { LIBRARY_FILE_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { LIBRARY } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";

/** 204, or 404 for an unknown name. `docs/contract/http-api.md#library-files`. */
export const deleteLibraryFile = operation({
  name: "DeleteLibraryFile",
  method: "DELETE",
  path: "/api/libraryfiles/:fileName",
  access: permitted(LIBRARY),
  rateLimit: "standard",
  doc: {
    tag: "Library",
    summary: "Remove a file from the library",
    description: "Actions that were accepted with it still run it.",
    path: { fileName: fileNameParameter },
    refusals: { 404: LIBRARY_FILE_NOT_FOUND },
  },
  responses: { 204: empty("It is removed.") },
  body: noBody,
  async handler({ caller, params }, context) {
    const removed = await removeLibraryFile(context, caller, params.fileName);
    return removed.ok ? noContent() : domainRefusal(removed.error);
  },
});
