import { CompleteUpload, UploadId } from "@halligan/protocol/link";
import { Value } from "typebox/value";
import { actionForTransfer, completeResult as complete } from "../../service/receive-result.ts";
import { ticket } from "../access.ts";
import { noContent, refuse } from "../answer.ts";
import { json } from "../body-kinds.ts";
import { boundedUpload } from "../bounded-upload.ts";
import { operation } from "../context.ts";
import { domainRefusal } from "../wire-errors.ts";

/** 204 means that the whole result is durable and its SHA-256 agrees. `protocol/src/link/transfer.ts`. */
export const completeResult = operation({
  name: "CompleteResult",
  method: "POST",
  path: "/agent/v1/actions/:actionId/commands/:index(\\d{1,3})/uploads/:uploadId/complete",
  access: ticket,
  body: json(CompleteUpload),
  async handler({ ticket: of, params, body }, context) {
    const { actionId = "", index, uploadId } = params;
    if (!Value.Check(UploadId, uploadId)) return refuse(400, "InvalidInput", "the upload id must have 32 hex digits");
    return await boundedUpload(context, of, async () => {
      const action = await actionForTransfer(context, of, actionId);
      if (!action.ok) return domainRefusal(action.error);
      const completed = await complete(context, action.value, Number(index), uploadId, body);
      return completed.ok ? noContent() : domainRefusal(completed.error);
    });
  },
});
