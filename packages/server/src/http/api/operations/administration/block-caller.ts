import { BlockCallerRequest, BlockedCallerWire } from "@halligan/protocol/api";
import { blockCaller as block } from "../../../../service/administration/blocked-callers.ts";
import { permitted } from "../../../edge/access.ts";
import { jsonBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { ok } from "../../../edge/http-response.ts";
import { sampleBlockedCaller } from "../../../openapi/samples/administration.ts";
import { BODY_REFUSED } from "../../../openapi/samples/refusals.ts";
import { ADMIN } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { blockedCallerWire } from "./blocked-caller-wire.ts";

/**
 * Its tokens and result links are refused at once on this node, and on the others within a second.
 */
export const blockCaller = operation({
  name: "BlockCaller",
  method: "POST",
  path: "/halligan/v1/blocked-callers",
  access: permitted(ADMIN),
  rateLimit: "none",
  doc: {
    tag: "Halligan",
    summary: "Block a caller of an outside issuer",
    description:
      "Its tokens and result links are refused at once, and within a second on other nodes, whatever the issuer says. " +
      "Repeating it changes nothing.",
    bodyExample: { callerId: sampleBlockedCaller.callerId, reason: sampleBlockedCaller.reason },
    refusals: { 400: `${BODY_REFUSED} \`InvalidInput\`: the caller itself.` },
  },
  responses: { 200: json("The blocked caller.", BlockedCallerWire, sampleBlockedCaller) },
  body: jsonBody(BlockCallerRequest),
  async handler({ caller, body }, context) {
    const blocked = await block(context, caller, body.callerId, body.reason);
    if (!blocked.ok) return domainRefusal(blocked.error);
    context.tokens.revoke(body.callerId);
    return ok(blockedCallerWire(blocked.value));
  },
});
