import { InstanceDiscoveryWire } from "@halligan/protocol/api";
import { Type } from "typebox";
import { tenantOf, tenantRefusal } from "../../../../../auth/tenant.ts";
import { endpointUrl, parseInstanceQuery } from "../../../../../auth/tokens/openid-configuration.ts";
import { anonymous } from "../../../../edge/access.ts";
import { noBody } from "../../../../edge/body/body-kinds.ts";
import { json } from "../../../../edge/declared-responses.ts";
import { httpError, ok } from "../../../../edge/http-response.ts";
import { SAMPLE } from "../../../../openapi/samples/values.ts";
import { operation } from "../../../context.ts";

/**
 * Sign-in libraries ask whether a host is an authority.
 * `docs/contract/clients-in-the-wild.md#tokens`.
 */
export const discoverInstance = operation({
  name: "DiscoverInstance",
  method: "GET",
  path: "/common/discovery/instance",
  access: anonymous,
  rateLimit: "none",
  errors: "oauth",
  isPublic: true,
  doc: {
    tag: "Tokens",
    summary: "Discover the instance",
    description: "Whether a host belongs to this server, and where its tenant's configuration is.",
    query: {
      authorization_endpoint: {
        description: "Where the library would send a user. Its host must be that of the server's public URL.",
        schema: Type.String(),
        required: true,
        example: SAMPLE.authorizationEndpoint,
      },
      "api-version": { description: "`1.0` or `1.1`.", schema: Type.String(), example: "1.1" },
    },
    refusals: { 400: "`invalid_request`, `invalid_instance` or `invalid_tenant`." },
  },
  responses: { 200: json("The instance.", InstanceDiscoveryWire) },
  body: noBody,
  handler({ query }, { publicUrl, tenant }) {
    const asked = parseInstanceQuery(query, publicUrl);
    if (!asked.ok) return httpError(400, asked.error.code, asked.error.message);
    const { segment, version, apiVersion } = asked.value;
    const named = tenantOf(segment, tenant);
    if (named.kind === "unknown") return httpError(400, "invalid_tenant", tenantRefusal(named, tenant));
    const { host } = new URL(publicUrl);
    return ok({
      tenant_discovery_endpoint: endpointUrl(publicUrl, tenant.id, version, "configuration"),
      "api-version": apiVersion,
      metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
    });
  },
});
