import { LibraryFileWire } from "@halligan/protocol/api";
import { getLibraryFile as get } from "../../../../service/library/list-library-files.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { ok } from "../../../edge/http-response.ts";
import { sampleLibraryFile } from "../../../openapi/samples/library.ts";
import { fileNameParameter } from "../../../openapi/samples/parameters.ts";
import { LIBRARY_FILE_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { libraryFileWire } from "../../present/library-file-wire.ts";

/** What a name stands for now. With its SHA-256 a start is pinned to these bytes. */
export const getLibraryFile = operation({
  name: "GetLibraryFile",
  method: "GET",
  path: "/halligan/v1/library/:fileName",
  // Who may run a file by its name may see what the name stands for, to pin it.
  access: permitted({
    application: ["Library.Manage", "Machine.LiveResponse"],
    delegated: ["Library.Manage", "Machine.LiveResponse"],
  }),
  rateLimit: "none",
  doc: {
    tag: "Library",
    summary: "Get a library file",
    description: "What the name stands for now. Its `sha256` pins a start to these bytes.",
    path: { fileName: fileNameParameter },
    refusals: { 404: LIBRARY_FILE_NOT_FOUND },
  },
  responses: { 200: json("The file.", LibraryFileWire, sampleLibraryFile) },
  body: noBody,
  async handler({ params }, context) {
    const found = await get(context, params.fileName, null);
    return found.ok ? ok(libraryFileWire(found.value)) : domainRefusal(found.error);
  },
});
