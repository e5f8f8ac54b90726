import { PART_BYTES, PART_SHA256_HEADER, Sha256, UploadId } from "@halligan/protocol/link";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { noteStorageRefusal } from "../../../../../service/results/note-transfer-refusal.ts";
import { actionForTransfer, receiveResultPart } from "../../../../../service/results/receive-result.ts";
import { ticket } from "../../../../edge/access.ts";
import { stream } from "../../../../edge/body/body-kinds.ts";
import { empty } from "../../../../edge/declared-responses.ts";
import { httpError, noContent, tooManyRequests } from "../../../../edge/http-response.ts";
import {
  actionIdParameter,
  BYTES,
  uploadIdParameter,
  uploadIndexParameter,
} from "../../../../openapi/samples/parameters.ts";
import { DISK_FULL, ORDER_GONE, UPLOADS_BOUNDED } from "../../../../openapi/samples/refusals.ts";
import { SAMPLE_PART, SAMPLE_PART_SHA256 } from "../../../../openapi/samples/values.ts";
import { operation } from "../../../context.ts";
import { domainRefusal } from "../../../errors/errors.ts";
import { boundedUpload } from "./bounded-upload.ts";

/** One numbered part of a result; 204 means durable. `protocol/src/link/transfer.ts`. */
export const putResultPart = operation({
  name: "PutResultPart",
  method: "PUT",
  path: "/agent/v1/actions/:actionId/commands/:index(\\d{1,3})/uploads/:uploadId/parts/:part(\\d{1,6})",
  access: ticket,
  rateLimit: "none",
  doc: {
    tag: "Agents",
    summary: "Send a part of a result",
    description: `204 means durable. Every part but the last has exactly ${PART_BYTES} bytes; a part may be repeated.`,
    path: {
      actionId: actionIdParameter,
      index: uploadIndexParameter,
      uploadId: uploadIdParameter,
      part: { description: "Number of the part, from 0.", schema: Type.Integer({ minimum: 0 }), example: 0 },
    },
    headers: {
      [PART_SHA256_HEADER]: {
        description: "SHA-256 of the part, in hex.",
        schema: Sha256,
        example: SAMPLE_PART_SHA256,
        required: true,
      },
    },
    body: { "application/octet-stream": { schema: BYTES, example: SAMPLE_PART } },
    refusals: {
      400: "`PartMismatch`: the bytes are not those of the SHA-256. `InvalidInput`: an id, a number or the size.",
      410: ORDER_GONE,
      429: UPLOADS_BOUNDED,
      507: DISK_FULL,
    },
  },
  responses: { 204: empty("The part is durable.") },
  body: stream,
  async handler({ ticket: of, params, headers, body }, context) {
    const { actionId, index, uploadId, part } = params;
    const sha256 = headers[PART_SHA256_HEADER];
    if (!Value.Check(UploadId, uploadId))
      return httpError(400, "InvalidInput", "the upload id must have 32 hex digits");
    if (!Value.Check(Sha256, sha256))
      return httpError(400, "InvalidInput", `${PART_SHA256_HEADER} must have 64 hex digits`);
    if (body.sizeBytes === null) return httpError(400, "InvalidInput", "a part needs a Content-Length");
    const { sizeBytes } = body;
    return await boundedUpload(context, of, async (uploads) => {
      const [at, number] = [Number(index), Number(part)];
      const neededBytes = number * PART_BYTES + sizeBytes;
      const wanted = { machineId: of.machineId, actionId, index: at, neededBytes, sizeBytes };
      const remembered = uploads.remembered(wanted);
      if (remembered !== null) {
        noteStorageRefusal(context, remembered.code, sizeBytes, wanted);
        return domainRefusal(remembered);
      }
      using upload = uploads.acquireSlot(of);
      if (upload === null) return tooManyRequests(1, "the machine has other uploads at work.");
      const action = await actionForTransfer(context, of, actionId);
      if (!action.ok) return domainRefusal(action.error);
      const described = { index: at, uploadId, part: number, sizeBytes, sha256, body: body.stream };
      const received = await receiveResultPart(context, action.value, described);
      if (received.ok) return noContent();
      const { error } = received;
      if (error.code === "InsufficientStorage" || error.code === "ResultQuotaExceeded") uploads.remember(wanted, error);
      return domainRefusal(error);
    });
  },
});
