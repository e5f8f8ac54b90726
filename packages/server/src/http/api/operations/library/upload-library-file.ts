import { addUploadedLibraryFile } from "../../../../service/library/add-uploaded-library-file.ts";
import { noteStorageRefusal } from "../../../../service/results/note-transfer-refusal.ts";
import { permitted } from "../../../edge/access.ts";
import { ok } from "../../../edge/answer.ts";
import { multipart } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { libraryFileWire } from "../../present/library-file-wire.ts";
import { odataContext } from "../../present/odata-context.ts";
import { readLibraryUpload } from "./library-upload.ts";

/**
 * 200 with the entity: one client takes nothing else for success.
 * `docs/contract/http-api.md#library-files`.
 */
export const uploadLibraryFile = operation({
  name: "UploadLibraryFile",
  method: "POST",
  path: "/api/libraryfiles",
  access: permitted("UploadLibraryFile"),
  // The blob store counts against the setting; the parser's own limit must only not be in its way.
  body: multipart({ fileBytes: Number.MAX_SAFE_INTEGER }),
  async handler({ caller, body, signal }, context) {
    const limitBytes = context.libraryApiUploadLimitBytes;
    const upload = await readLibraryUpload(body, (file) => context.blobs.putLibrary(file, { limitBytes, signal }));
    if (!upload.ok) {
      if (upload.error.code === "InsufficientStorage") noteStorageRefusal(context, upload.error.code, 0, {});
      return domainRefusal(upload.error);
    }
    const added = await addUploadedLibraryFile(context, caller, upload.value, "UploadLibraryFile");
    if (!added.ok) return domainRefusal(added.error);
    return ok({
      "@odata.context": odataContext(context.publicUrl, "LibraryFiles/$entity"),
      ...libraryFileWire(added.value),
    });
  },
});
