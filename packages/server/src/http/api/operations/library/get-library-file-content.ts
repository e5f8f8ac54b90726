import { Type } from "typebox";
import { attachment } from "../../../../domain/results/content-disposition.ts";
import { getLibraryFile } from "../../../../service/library/list-library-files.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { bytes } from "../../../edge/declared-responses.ts";
import { blobResponse } from "../../../edge/response/send-stream.ts";
import { BYTES, fileNameParameter, partialResponse, rangeParameter } from "../../../openapi/samples/parameters.ts";
import { LIBRARY_FILE_NOT_FOUND, RANGE_REFUSED } from "../../../openapi/samples/refusals.ts";
import { SAMPLE, SAMPLE_SCRIPT } from "../../../openapi/samples/values.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { readSha256 } from "./given-sha256.ts";

/** The bytes of the present version, or with `?sha256=` of an earlier one. */
export const getLibraryFileContent = operation({
  name: "GetLibraryFileContent",
  method: "GET",
  path: "/halligan/v1/library/:fileName/content",
  // Who approves bytes reads them first.
  access: permitted({
    application: ["Library.Manage", "Halligan.Library.Approve"],
    delegated: ["Library.Manage", "Halligan.Library.Approve"],
  }),
  rateLimit: "none",
  query: { sha256: "value" },
  doc: {
    tag: "Library",
    summary: "Download a library file",
    path: { fileName: fileNameParameter },
    query: {
      sha256: {
        description: "Which version, by its SHA-256 in hex. Default: the present one.",
        schema: Type.String(),
        example: SAMPLE.scriptSha256,
      },
    },
    headers: { Range: rangeParameter },
    refusals: { 404: LIBRARY_FILE_NOT_FOUND, 416: RANGE_REFUSED },
  },
  responses: {
    200: bytes("Its bytes.", { "application/octet-stream": { schema: BYTES, example: SAMPLE_SCRIPT } }),
    206: partialResponse,
  },
  body: noBody,
  async handler({ params, options, headers }, context) {
    const asked = options.get("sha256");
    const given = asked === undefined ? null : readSha256(asked, "sha256");
    if (given?.ok === false) return given.error;
    const found = await getLibraryFile(context, params.fileName, given?.value ?? null);
    if (!found.ok) return domainRefusal(found.error);
    const { fileName, sha256, sizeBytes } = found.value;
    return blobResponse(
      { headers },
      {
        sizeBytes,
        version: sha256,
        contentType: "application/octet-stream",
        disposition: attachment(fileName),
        open: (range) => context.blobs.openLibrary(sha256, range),
      },
    );
  },
});
