import { TokenWire } from "@halligan/protocol/api";
import { Type } from "typebox";
import { anonymous } from "../../../../edge/access.ts";
import { form } from "../../../../edge/body/body-kinds.ts";
import { json } from "../../../../edge/declared-responses.ts";
import { ok } from "../../../../edge/http-response.ts";
import { tenantParameter } from "../../../../openapi/samples/parameters.ts";
import { TOKEN_REFUSALS } from "../../../../openapi/samples/refusals.ts";
import { sampleClient, sampleToken, TOKEN_DESCRIPTION, tokenForm } from "../../../../openapi/samples/tokens.ts";
import { AUDIENCE } from "../../../../openapi/samples/values.ts";
import { operation } from "../../../context.ts";
import { requestedToken } from "./requested-token.ts";

/** `POST /{tenant}/oauth2/v2.0/token`: numbers as numbers; typed clients need that. */
export const tokenV2 = operation({
  name: "TokenV2",
  method: "POST",
  path: "/:tenant/oauth2/v2.0/token",
  access: anonymous,
  rateLimit: "none",
  errors: "oauth",
  doc: {
    tag: "Tokens",
    summary: "Get a token, v2",
    description: `${TOKEN_DESCRIPTION} \`scope\` names the API, followed by \`/.default\`; numbers come as numbers.`,
    path: { tenant: tenantParameter },
    body: {
      "application/x-www-form-urlencoded": {
        schema: tokenForm({ scope: Type.Optional(Type.String()), resource: Type.Optional(Type.String()) }),
        example: { ...sampleClient, scope: `${AUDIENCE}/.default` },
      },
    },
    refusals: TOKEN_REFUSALS,
  },
  responses: { 200: json("The token.", TokenWire, sampleToken) },
  body: form,
  async handler(request, context) {
    const requested = await requestedToken(request, "v2", context);
    if (requested.kind === "error") return requested;
    const { accessToken, lifetimeSeconds } = requested;
    return ok({
      token_type: "Bearer" as const,
      expires_in: lifetimeSeconds,
      ext_expires_in: lifetimeSeconds,
      access_token: accessToken,
    });
  },
});
