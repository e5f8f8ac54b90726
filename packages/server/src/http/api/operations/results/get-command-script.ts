import { attachment } from "../../../../domain/results/content-disposition.ts";
import { findScript } from "../../../../service/library/find-script.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { bytes } from "../../../edge/declared-responses.ts";
import { blobResponse } from "../../../edge/response/send-stream.ts";
import {
  actionIdParameter,
  BYTES,
  commandIndexParameter,
  partialResponse,
  rangeParameter,
} from "../../../openapi/samples/parameters.ts";
import { ACTION_NOT_FOUND, RANGE_REFUSED } from "../../../openapi/samples/refusals.ts";
import { SAMPLE_SCRIPT } from "../../../openapi/samples/values.ts";
import { RESULTS } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";

/** The bytes that a RunScript runs, for callers who may read what it wrote. */
export const getCommandScript = operation({
  name: "GetCommandScript",
  method: "GET",
  path: "/halligan/v1/actions/:id/commands/:index(\\d{1,9})/script",
  access: permitted(RESULTS),
  rateLimit: "none",
  doc: {
    tag: "Machine actions",
    summary: "Get the script that a command runs",
    description:
      "The bytes that the order of the device names, of the library or of the action itself, also after the library file was " +
      "replaced or deleted. `ETag` is their SHA-256 in hex. They are kept as long as results are.",
    path: { id: actionIdParameter, index: commandIndexParameter },
    headers: { Range: rangeParameter },
    refusals: {
      404: `${ACTION_NOT_FOUND} Or the command is no RunScript, has no script, or its bytes are no longer kept.`,
      416: RANGE_REFUSED,
    },
  },
  responses: {
    200: bytes("The script.", { "application/octet-stream": { schema: BYTES, example: SAMPLE_SCRIPT } }),
    206: partialResponse,
  },
  body: noBody,
  async handler({ caller, params, headers }, context) {
    const found = await findScript(context, caller, params.id, Number(params.index));
    if (!found.ok) return domainRefusal(found.error);
    const { fileName, pin } = found.value;
    const { sha256, sizeBytes, contentId } = pin;
    return blobResponse(
      { headers },
      {
        sizeBytes,
        version: sha256,
        contentType: "application/octet-stream",
        disposition: attachment(fileName),
        open: (range) =>
          contentId === undefined
            ? context.blobs.openLibrary(sha256, range)
            : context.blobs.openResult({ resultId: contentId, sha256 }, range),
      },
    );
  },
});
