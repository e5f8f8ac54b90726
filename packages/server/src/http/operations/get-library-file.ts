import { getLibraryFile as get } from "../../service/list-library-files.ts";
import { permitted } from "../access.ts";
import { ok } from "../answer.ts";
import { noBody } from "../body-kinds.ts";
import { operation } from "../context.ts";
import { libraryFileWire } from "../wire/library-file-wire.ts";
import { domainRefusal } from "../wire-errors.ts";

/** What a name stands for now. With its SHA-256 a start is pinned to these bytes. */
export const getLibraryFile = operation({
  name: "GetLibraryFile",
  method: "GET",
  path: "/halligan/v1/library/:fileName",
  access: permitted("GetLibraryFile"),
  body: noBody,
  async handler({ params }, context) {
    const found = await get(context, params.fileName ?? "", null);
    return found.ok ? ok(libraryFileWire(found.value)) : domainRefusal(found.error);
  },
});
