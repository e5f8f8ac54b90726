import { Type } from "typebox";
import { removeOneApplicationSecret } from "../../../../service/identity/application-secrets.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { empty } from "../../../edge/declared-responses.ts";
import { noContent } from "../../../edge/http-response.ts";
import { SAMPLE } from "../../../openapi/samples/values.ts";
import { ADMIN } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";

/**
 * Tokens that the secret gave are refused at once on this node, and on the others within a second.
 */
export const removeApplicationSecret = operation({
  name: "RemoveApplicationSecret",
  method: "DELETE",
  path: "/halligan/v1/applications/:clientId/secrets/:secretId",
  access: permitted(ADMIN),
  rateLimit: "none",
  doc: {
    tag: "Halligan",
    summary: "Remove one secret of an application",
    description: "Tokens that it gave are refused at once, and within a second on other nodes.",
    path: {
      clientId: { description: "Its client id.", schema: Type.String(), example: SAMPLE.clientId },
      secretId: { description: "Id of the secret.", schema: Type.String(), example: SAMPLE.secretId },
    },
    refusals: {
      400: "`BadRequest`: it is the only one of the application that asks.",
      404: "`ResourceNotFound`: there is no such application, or it has no such secret.",
    },
  },
  responses: { 204: empty("It is removed.") },
  body: noBody,
  async handler({ caller, params }, context) {
    const clientId = params.clientId.toLowerCase();
    const removed = await removeOneApplicationSecret(context, caller, clientId, params.secretId.toLowerCase());
    if (!removed.ok) return domainRefusal(removed.error);
    context.tokens.revoke(clientId);
    return noContent();
  },
});
