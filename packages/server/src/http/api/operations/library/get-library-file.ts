import { getLibraryFile as get } from "../../../../service/library/list-library-files.ts";
import { permitted } from "../../../edge/access.ts";
import { ok } from "../../../edge/answer.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { libraryFileWire } from "../../present/library-file-wire.ts";

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
