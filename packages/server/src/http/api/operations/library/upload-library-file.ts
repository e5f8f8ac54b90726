import { LibraryFileWire } from "@halligan/protocol/api";
import { Type } from "typebox";
import { addUploadedLibraryFile } from "../../../../service/library/add-uploaded-library-file.ts";
import { noteStorageRefusal } from "../../../../service/results/note-transfer-refusal.ts";
import { permitted } from "../../../edge/access.ts";
import { multipart } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { ok } from "../../../edge/http-response.ts";
import { sampleLibraryFile } from "../../../openapi/samples/library.ts";
import { BYTES } from "../../../openapi/samples/parameters.ts";
import { contextOf, SAMPLE_SCRIPT } from "../../../openapi/samples/values.ts";
import { LIBRARY } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { libraryFileWire } from "../../present/library-file-wire.ts";
import { odataContext } from "../../present/odata-context.ts";
import { readLibraryUpload } from "./library-upload.ts";

/** Flags of a form are text. */
const Flag = Type.Union([Type.Literal("true"), Type.Literal("false")]);

const LibraryUploadForm = Type.Object({
  File: BYTES,
  Description: Type.Optional(Type.String()),
  HasParameters: Type.Optional(Flag),
  ParametersDescription: Type.Optional(Type.String()),
  OverrideIfExists: Type.Optional(Flag),
});

/**
 * 200 with the entity: one client takes nothing else for success.
 * `docs/contract/http-api.md#library-files`.
 */
export const uploadLibraryFile = operation({
  name: "UploadLibraryFile",
  method: "POST",
  path: "/api/libraryfiles",
  access: permitted(LIBRARY),
  rateLimit: "standard",
  doc: {
    tag: "Library",
    summary: "Add a file to the library",
    description:
      "Its name is the file name of the part `File`: letters, digits, `-`, `_` and `.`. Up to 20 MB unless a setting says otherwise; " +
      "PutLibraryFile takes larger ones.",
    body: {
      "multipart/form-data": {
        schema: LibraryUploadForm,
        example: {
          File: SAMPLE_SCRIPT,
          Description: sampleLibraryFile.description,
          ParametersDescription: sampleLibraryFile.parametersDescription,
          OverrideIfExists: "false",
        },
      },
    },
    refusals: {
      400: "`InvalidInput`: the name is taken (the message has `already exists`) or not allowed, or the file is too large. `MissingRequiredParameter`: `File`.",
      507: "`InsufficientStorage`: the server's disk is full.",
    },
  },
  responses: {
    200: json("The file.", LibraryFileWire, {
      "@odata.context": contextOf("LibraryFiles/$entity"),
      ...sampleLibraryFile,
    }),
  },
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
