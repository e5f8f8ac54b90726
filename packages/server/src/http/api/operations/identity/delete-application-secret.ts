import { Type } from "typebox";
import { removeApplicationSecret } from "../../../../service/identity/remove-application-secret.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { empty } from "../../../edge/declared-responses.ts";
import { noContent } from "../../../edge/http-response.ts";
import { APPLICATION_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { SAMPLE } from "../../../openapi/samples/values.ts";
import { ADMIN } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";

/** For an application of an older version, which has a secret as well as keys. */
export const deleteApplicationSecret = operation({
  name: "DeleteApplicationSecret",
  method: "DELETE",
  path: "/halligan/v1/applications/:clientId/secret",
  access: permitted(ADMIN),
  rateLimit: "none",
  doc: {
    tag: "Halligan",
    summary: "Remove an application's secret",
    description:
      "For an application that has keys as well, as older versions made them. Tokens that it got by the secret are refused.",
    path: {
      clientId: { description: "Its client id.", schema: Type.String(), example: SAMPLE.clientId },
    },
    refusals: {
      400: "`BadRequest`: it has no key.",
      404: APPLICATION_NOT_FOUND,
    },
  },
  responses: { 204: empty("It has no secret.") },
  body: noBody,
  async handler({ caller, params }, context) {
    const clientId = params.clientId.toLowerCase();
    const removed = await removeApplicationSecret(context, caller, clientId);
    if (!removed.ok) return domainRefusal(removed.error);
    context.tokens.revoke(clientId);
    return noContent();
  },
});
