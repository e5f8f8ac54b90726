import type { LibraryFileVersionListWire } from "@halligan/protocol/api";
import { attachment } from "../../../../domain/results/content-disposition.ts";
import { getLibraryFile, listLibraryFileVersions as list } from "../../../../service/library/list-library-files.ts";
import { permitted } from "../../../edge/access.ts";
import { ok } from "../../../edge/answer.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { blobAnswer } from "../../../edge/response/send-stream.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { wireTime, wireTimeOrNull } from "../../present/wire-time.ts";
import { readSha256 } from "./given-sha256.ts";

/** Every upload of a name, newest first, replaced and removed ones too. */
export const listLibraryFileVersions = operation({
  name: "ListLibraryFileVersions",
  method: "GET",
  path: "/halligan/v1/library/:fileName/versions",
  access: permitted("ListLibraryFileVersions"),
  query: {},
  body: noBody,
  async handler({ params }, context) {
    const versions = await list(context, params.fileName ?? "");
    if (!versions.ok) return domainRefusal(versions.error);
    const answer: LibraryFileVersionListWire = {
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
    return ok(answer);
  },
});

/** The bytes of the present version, or with `?sha256=` of an earlier one. */
export const getLibraryFileContent = operation({
  name: "GetLibraryFileContent",
  method: "GET",
  path: "/halligan/v1/library/:fileName/content",
  access: permitted("GetLibraryFileContent"),
  query: { sha256: "value" },
  body: noBody,
  async handler({ params, options, headers }, context) {
    const asked = options.get("sha256");
    const given = asked === undefined ? { sha256: null } : readSha256(asked, "sha256");
    if (!("sha256" in given)) return given;
    const found = await getLibraryFile(context, params.fileName ?? "", given.sha256);
    if (!found.ok) return domainRefusal(found.error);
    const { fileName, sha256, sizeBytes } = found.value;
    return blobAnswer(
      { headers },
      {
        sizeBytes,
        sha256,
        contentType: "application/octet-stream",
        disposition: attachment(fileName),
        open: (range) => context.blobs.openLibrary(sha256, range),
      },
    );
  },
});
