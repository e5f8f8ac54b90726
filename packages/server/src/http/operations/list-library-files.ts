import { listLibraryFiles as list } from "../../service/list-library-files.ts";
import { permitted } from "../access.ts";
import { ok } from "../answer.ts";
import { noBody } from "../body-kinds.ts";
import { operation } from "../context.ts";
import { odataContext } from "../odata-context.ts";
import { libraryFileWire } from "../wire/library-file-wire.ts";

/** All of it: no client follows pages here. `contract/clients-in-the-wild.md` section 8. */
export const listLibraryFiles = operation({
  name: "ListLibraryFiles",
  method: "GET",
  path: "/api/libraryfiles",
  access: permitted("ListLibraryFiles"),
  body: noBody,
  async handler(_request, context) {
    const files = await list(context);
    return ok({ "@odata.context": odataContext(context.publicUrl, "LibraryFiles"), value: files.map(libraryFileWire) });
  },
});
