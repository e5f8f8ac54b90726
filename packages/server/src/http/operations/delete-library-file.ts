import { removeLibraryFile } from "../../service/remove-library-file.ts";
import { permitted } from "../access.ts";
import { noContent } from "../answer.ts";
import { noBody } from "../body-kinds.ts";
import { operation } from "../context.ts";
import { domainRefusal } from "../wire-errors.ts";

/** 204, or 404 for an unknown name. `docs/contract/http-api.md#library-files`. */
export const deleteLibraryFile = operation({
  name: "DeleteLibraryFile",
  method: "DELETE",
  path: "/api/libraryfiles/:fileName",
  access: permitted("DeleteLibraryFile"),
  body: noBody,
  async handler({ caller, params }, context) {
    const removed = await removeLibraryFile(context, caller, params.fileName ?? "");
    return removed.ok ? noContent() : domainRefusal(removed.error);
  },
});
