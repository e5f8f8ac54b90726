import { TokenKeysWire } from "@halligan/protocol/api";
import { anonymous } from "../../../../edge/access.ts";
import { noBody } from "../../../../edge/body/body-kinds.ts";
import { json } from "../../../../edge/declared-responses.ts";
import { signInTenantParameter } from "../../../../openapi/samples/parameters.ts";
import { TENANT_REFUSALS } from "../../../../openapi/samples/refusals.ts";
import { operation } from "../../../context.ts";
import { tokenKeysResponse } from "./discovery-responses.ts";

/**
 * Sign-in libraries that know an authority only ask for this before the token endpoint.
 * `docs/contract/clients-in-the-wild.md#tokens`.
 */
export const tokenKeysV1 = operation({
  name: "TokenKeysV1",
  method: "GET",
  path: "/:tenant/discovery/keys",
  access: anonymous,
  rateLimit: "none",
  errors: "oauth",
  isPublic: true,
  doc: {
    tag: "Tokens",
    summary: "Get the keys of tokens, v1",
    description: "Public keys of all tokens that are accepted, also those of a rotation under way.",
    path: { tenant: signInTenantParameter },
    refusals: TENANT_REFUSALS,
  },
  responses: { 200: json("The keys.", TokenKeysWire) },
  body: noBody,
  handler: ({ params }, context) => tokenKeysResponse(params.tenant, context),
});
