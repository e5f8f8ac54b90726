import { removeLibraryFile } from "../../../../service/library/remove-library-file.ts";
import { permitted } from "../../../edge/access.ts";
import { noContent } from "../../../edge/answer.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";

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
