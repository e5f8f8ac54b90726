import { Type } from "typebox";
import { revokeApplicationTokens as revokeTokens } from "../../../../service/identity/application-secrets.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { empty } from "../../../edge/declared-responses.ts";
import { noContent } from "../../../edge/http-response.ts";
import { APPLICATION_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { SAMPLE } from "../../../openapi/samples/values.ts";
import { ADMIN } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";

/** For a token that leaked. The application's secrets stay good. */
export const revokeApplicationTokens = operation({
  name: "RevokeApplicationTokens",
  method: "POST",
  path: "/halligan/v1/applications/:clientId/revoke-tokens",
  access: permitted(ADMIN),
  rateLimit: "none",
  doc: {
    tag: "Halligan",
    summary: "Revoke the tokens of an application",
    description:
      "Access tokens and result links that it has are refused at once, and within a second on other nodes. Its secrets stay good.",
    path: { clientId: { description: "Its client id.", schema: Type.String(), example: SAMPLE.clientId } },
    refusals: { 404: APPLICATION_NOT_FOUND },
  },
  responses: { 204: empty("They are revoked.") },
  body: noBody,
  async handler({ caller, params }, context) {
    const clientId = params.clientId.toLowerCase();
    const revoked = await revokeTokens(context, caller, clientId);
    if (!revoked.ok) return domainRefusal(revoked.error);
    context.tokens.revoke(clientId);
    return noContent();
  },
});
