import { OpenIdConfigurationWire } from "@halligan/protocol/api";
import { anonymous } from "../../../../edge/access.ts";
import { noBody } from "../../../../edge/body/body-kinds.ts";
import { json } from "../../../../edge/declared-responses.ts";
import { signInTenantParameter } from "../../../../openapi/samples/parameters.ts";
import { TENANT_REFUSALS } from "../../../../openapi/samples/refusals.ts";
import { operation } from "../../../context.ts";
import { configurationResponse } from "./discovery-responses.ts";

/**
 * Sign-in libraries that know an authority only ask for this before the token endpoint.
 * `docs/contract/clients-in-the-wild.md#tokens`.
 */
export const openIdConfigurationV2 = operation({
  name: "OpenIdConfigurationV2",
  method: "GET",
  path: "/:tenant/v2.0/.well-known/openid-configuration",
  access: anonymous,
  rateLimit: "none",
  errors: "oauth",
  isPublic: true,
  doc: {
    tag: "Tokens",
    summary: "Find the endpoints, v2",
    description: "OpenID Connect discovery, for libraries that know an authority only.",
    path: { tenant: signInTenantParameter },
    refusals: TENANT_REFUSALS,
  },
  responses: { 200: json("The configuration.", OpenIdConfigurationWire) },
  body: noBody,
  handler: ({ params }, context) => configurationResponse(params.tenant, "v2", context),
});
