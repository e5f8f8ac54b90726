import { Type } from "typebox";
import { anonymous } from "../../../../edge/access.ts";
import { form } from "../../../../edge/body/body-kinds.ts";
import { json } from "../../../../edge/declared-responses.ts";
import { ok } from "../../../../edge/http-response.ts";
import { TokenV1Wire } from "../../../../openapi/components.ts";
import { tenantParameter } from "../../../../openapi/samples/parameters.ts";
import { TOKEN_REFUSALS } from "../../../../openapi/samples/refusals.ts";
import { sampleClient, sampleToken, TOKEN_DESCRIPTION, tokenForm } from "../../../../openapi/samples/tokens.ts";
import { AUDIENCE } from "../../../../openapi/samples/values.ts";
import { operation } from "../../../context.ts";
import { requestedToken } from "./requested-token.ts";

/**
 * `POST /{tenant}/oauth2/token`: numbers as strings, as v1 has them.
 * `docs/contract/auth.md#token-requests`.
 */
export const tokenV1 = operation({
  name: "TokenV1",
  method: "POST",
  path: "/:tenant/oauth2/token",
  access: anonymous,
  rateLimit: "none",
  errors: "oauth",
  doc: {
    tag: "Tokens",
    summary: "Get a token, v1",
    description: `${TOKEN_DESCRIPTION} \`resource\` names the API; numbers come as text.`,
    path: { tenant: tenantParameter },
    body: {
      "application/x-www-form-urlencoded": {
        schema: tokenForm({ resource: Type.String() }),
        example: { ...sampleClient, resource: AUDIENCE },
      },
    },
    refusals: TOKEN_REFUSALS,
  },
  responses: {
    200: json("The token.", TokenV1Wire, {
      token_type: "Bearer",
      expires_in: "3599",
      ext_expires_in: "3599",
      expires_on: "1795266000",
      not_before: "1795262401",
      resource: AUDIENCE,
      access_token: sampleToken.access_token,
    }),
  },
  body: form,
  async handler(request, context) {
    const requested = await requestedToken(request, "v1", context);
    if (requested.kind === "error") return requested;
    const { accessToken, lifetimeSeconds, audience } = requested;
    const nowSeconds = Math.floor(context.clock.nowMs() / 1000);
    return ok({
      token_type: "Bearer" as const,
      expires_in: String(lifetimeSeconds),
      ext_expires_in: String(lifetimeSeconds),
      expires_on: String(nowSeconds + lifetimeSeconds),
      not_before: String(nowSeconds),
      resource: audience,
      access_token: accessToken,
    });
  },
});
