import { LibraryFileVersionListWire } from "@halligan/protocol/api";
import { listLibraryFileVersions as list } from "../../../../service/library/list-library-files.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { ok } from "../../../edge/http-response.ts";
import { sampleLibraryFile } from "../../../openapi/samples/library.ts";
import { fileNameParameter } from "../../../openapi/samples/parameters.ts";
import { LIBRARY_FILE_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { SAMPLE, SAMPLE_SCRIPT } from "../../../openapi/samples/values.ts";
import { LIBRARY } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { wireTime, wireTimeOrNull } from "../../present/wire-time.ts";

/** Every upload of a name, newest first, replaced and removed ones too. */
export const listLibraryFileVersions = operation({
  name: "ListLibraryFileVersions",
  method: "GET",
  path: "/halligan/v1/library/:fileName/versions",
  access: permitted(LIBRARY),
  rateLimit: "none",
  query: {},
  doc: {
    tag: "Library",
    summary: "List every upload of a name",
    description: "Newest first, replaced and removed ones too.",
    path: { fileName: fileNameParameter },
    refusals: { 404: LIBRARY_FILE_NOT_FOUND },
  },
  responses: {
    200: json("The versions.", LibraryFileVersionListWire, {
      value: [
        {
          fileName: SAMPLE.fileName,
          sha256: SAMPLE.scriptSha256,
          sizeBytes: SAMPLE_SCRIPT.length,
          description: sampleLibraryFile.description,
          updatedBy: "Administrator",
          updatedAt: sampleLibraryFile.lastUpdatedTime,
          endedAt: null,
        },
      ],
    }),
  },
  body: noBody,
  async handler({ params }, context) {
    const versions = await list(context, params.fileName);
    if (!versions.ok) return domainRefusal(versions.error);
    const responseBody: LibraryFileVersionListWire = {
      value: versions.value.map((version) => ({
        fileName: version.fileName,
        sha256: version.sha256,
        sizeBytes: version.sizeBytes,
        description: version.description,
        updatedBy: version.updatedBy,
        updatedAt: wireTime(version.updatedAtMs),
        endedAt: wireTimeOrNull(version.endedAtMs),
      })),
    };
    return ok(responseBody);
  },
});
