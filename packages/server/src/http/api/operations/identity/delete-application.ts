import { Type } from "typebox";
import { removeApplication } from "../../../../service/identity/remove-application.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { empty } from "../../../edge/declared-responses.ts";
import { noContent } from "../../../edge/http-response.ts";
import { APPLICATION_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { SAMPLE } from "../../../openapi/samples/values.ts";
import { ADMIN } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";

/** Its tokens are refused at once on this node, and on the others within a second. */
export const deleteApplication = operation({
  name: "DeleteApplication",
  method: "DELETE",
  path: "/halligan/v1/applications/:clientId",
  access: permitted(ADMIN),
  rateLimit: "none",
  doc: {
    tag: "Halligan",
    summary: "Remove an application",
    description: "Its tokens and result links are refused at once, and within a second on other nodes.",
    path: {
      clientId: { description: "Its client id.", schema: Type.String(), example: SAMPLE.clientId },
    },
    refusals: {
      400: "`BadRequest`: it is in use and cannot be removed.",
      404: APPLICATION_NOT_FOUND,
    },
  },
  responses: { 204: empty("It is removed.") },
  body: noBody,
  async handler({ caller, params }, context) {
    const clientId = params.clientId.toLowerCase();
    const removed = await removeApplication(context, caller, clientId);
    if (!removed.ok) return domainRefusal(removed.error);
    context.tokens.revoke(clientId);
    return noContent();
  },
});
