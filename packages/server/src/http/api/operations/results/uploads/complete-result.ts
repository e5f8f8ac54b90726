import { CompleteUpload, UploadId } from "@halligan/protocol/link";
import { Value } from "typebox/value";
import { actionForTransfer, completeResult as complete } from "../../../../../service/results/receive-result.ts";
import { ticket } from "../../../../edge/access.ts";
import { jsonBody } from "../../../../edge/body/body-kinds.ts";
import { empty } from "../../../../edge/declared-responses.ts";
import { httpError, noContent, tooManyRequests } from "../../../../edge/http-response.ts";
import { actionIdParameter, uploadIdParameter, uploadIndexParameter } from "../../../../openapi/samples/parameters.ts";
import { DISK_FULL, ORDER_GONE, UPLOADS_BOUNDED } from "../../../../openapi/samples/refusals.ts";
import { SAMPLE_PART, SAMPLE_PART_SHA256 } from "../../../../openapi/samples/values.ts";
import { operation } from "../../../context.ts";
import { domainRefusal } from "../../../errors/errors.ts";
import { boundedUpload } from "./bounded-upload.ts";

/**
 * 204 means that the whole result is durable and its SHA-256 agrees.
 * `protocol/src/link/transfer.ts`.
 */
export const completeResult = operation({
  name: "CompleteResult",
  method: "POST",
  path: "/agent/v1/actions/:actionId/commands/:index(\\d{1,3})/uploads/:uploadId/complete",
  access: ticket,
  rateLimit: "none",
  doc: {
    tag: "Agents",
    summary: "Complete the upload of a result",
    description:
      "204 means that the whole is durable and its SHA-256 agrees; only then may the end of the command be reported.",
    path: { actionId: actionIdParameter, index: uploadIndexParameter, uploadId: uploadIdParameter },
    bodyExample: { partCount: 1, sizeBytes: SAMPLE_PART.length, sha256: SAMPLE_PART_SHA256 },
    refusals: {
      400: "`InvalidInput`: the upload id. `InvalidRequestBody`, `MissingRequiredParameter`: the body.",
      409: "`UploadIncomplete`, `UploadMismatch`: send it again under a new upload id.",
      410: ORDER_GONE,
      429: UPLOADS_BOUNDED,
      507: DISK_FULL,
    },
  },
  responses: { 204: empty("The result is durable.") },
  body: jsonBody(CompleteUpload),
  async handler({ ticket: of, params, body }, context) {
    const { actionId, index, uploadId } = params;
    if (!Value.Check(UploadId, uploadId))
      return httpError(400, "InvalidInput", "the upload id must have 32 hex digits");
    return await boundedUpload(context, of, async (uploads) => {
      // A whole is read and hashed, and an object store makes two of them at a time for all
      // machines.
      using upload = uploads.acquireSlot(of);
      if (upload === null) return tooManyRequests(1, "the machine has other uploads at work.");
      const action = await actionForTransfer(context, of, actionId);
      if (!action.ok) return domainRefusal(action.error);
      const completed = await complete(context, action.value, Number(index), uploadId, body);
      return completed.ok ? noContent() : domainRefusal(completed.error);
    });
  },
});
