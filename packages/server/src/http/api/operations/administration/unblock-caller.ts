import { Type } from "typebox";
import { unblockCaller as unblock } from "../../../../service/administration/blocked-callers.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { empty } from "../../../edge/declared-responses.ts";
import { noContent } from "../../../edge/http-response.ts";
import { sampleBlockedCaller } from "../../../openapi/samples/administration.ts";
import { ADMIN } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";

export const unblockCaller = operation({
  name: "UnblockCaller",
  method: "DELETE",
  path: "/halligan/v1/blocked-callers/:callerId",
  access: permitted(ADMIN),
  rateLimit: "none",
  doc: {
    tag: "Halligan",
    summary: "End the block of a caller",
    path: {
      callerId: { description: "Its id.", schema: Type.String(), example: sampleBlockedCaller.callerId },
    },
    refusals: { 404: "`ResourceNotFound`: it is not blocked." },
  },
  responses: { 204: empty("It is not blocked any more.") },
  body: noBody,
  async handler({ caller, params }, context) {
    const unblocked = await unblock(context, caller, params.callerId);
    return unblocked.ok ? noContent() : domainRefusal(unblocked.error);
  },
});
