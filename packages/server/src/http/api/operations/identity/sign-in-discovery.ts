import type { InstanceDiscoveryWire, UserRealmWire } from "@halligan/protocol/api";
import { tenantOf, tenantRefusal } from "../../../../auth/tenant.ts";
import {
  type EndpointVersion,
  endpointUrl,
  openIdConfiguration,
  parseInstanceQuery,
  publishedKeys,
} from "../../../../auth/tokens/openid-configuration.ts";
import { anonymous } from "../../../edge/access.ts";
import { type Answer, ok, refuse } from "../../../edge/answer.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { type HttpContext, operation } from "../../context.ts";

/**
 * What sign-in libraries ask for before the token endpoint, when they know an authority only.
 * `docs/contract/clients-in-the-wild.md#tokens`.
 */
const discovery = { method: "GET", access: anonymous, isPublic: true, body: noBody, errors: "oauth" } as const;

export const openIdConfigurationV2 = operation({
  ...discovery,
  name: "OpenIdConfigurationV2",
  path: "/:tenant/v2.0/.well-known/openid-configuration",
  handler: ({ params }, context) => configuration(params.tenant, "v2", context),
});

export const openIdConfigurationV1 = operation({
  ...discovery,
  name: "OpenIdConfigurationV1",
  path: "/:tenant/.well-known/openid-configuration",
  handler: ({ params }, context) => configuration(params.tenant, "v1", context),
});

export const tokenKeysV2 = operation({
  ...discovery,
  name: "TokenKeysV2",
  path: "/:tenant/discovery/v2.0/keys",
  handler: ({ params }, context) => keys(params.tenant, context),
});

export const tokenKeysV1 = operation({
  ...discovery,
  name: "TokenKeysV1",
  path: "/:tenant/discovery/keys",
  handler: ({ params }, context) => keys(params.tenant, context),
});

export const discoverInstance = operation({
  ...discovery,
  name: "DiscoverInstance",
  path: "/common/discovery/instance",
  handler({ query }, { publicUrl, tenant }) {
    const asked = parseInstanceQuery(query, publicUrl);
    if ("code" in asked) return refuse(400, asked.code, asked.message);
    const named = tenantOf(asked.segment, tenant);
    if (named.kind === "unknown") return refuse(400, "invalid_tenant", tenantRefusal(named, tenant));
    const { host } = new URL(publicUrl);
    const answer: InstanceDiscoveryWire = {
      tenant_discovery_endpoint: endpointUrl(publicUrl, tenant.id, asked.version, "configuration"),
      "api-version": asked.apiVersion,
      metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
    };
    return ok(answer);
  },
});

/**
 * Managed for every user: the library then goes to the token endpoint, whose refusal names the
 * grant that is not served.
 */
export const getUserRealm = operation({
  ...discovery,
  name: "GetUserRealm",
  path: "/common/userrealm/:user",
  handler({ params }, { publicUrl }) {
    const { host } = new URL(publicUrl);
    const domain = params.user?.split("@").at(-1) ?? "";
    const answer: UserRealmWire = {
      ver: "1.0",
      account_type: "Managed",
      domain_name: domain,
      cloud_instance_name: host,
    };
    return ok(answer);
  },
});

/**
 * For one of Entra's shared names there is a document too, as Entra has one: a library shows its
 * user the refusal of the token endpoint, which says what to do, and hides that of the document.
 */
function configuration(segment: string | undefined, version: EndpointVersion, context: HttpContext): Answer {
  const { publicUrl, tenant, audiences, tokenKeys } = context;
  const named = tenantOf(segment, tenant);
  if (named.kind === "unknown") return refuse(400, "invalid_tenant", tenantRefusal(named, tenant));
  const place =
    named.kind === "own"
      ? { publicUrl, segment: tenant.id, isShared: false }
      : { publicUrl, segment: named.name, isShared: true };
  return ok(openIdConfiguration(place, version, audiences, tokenKeys.accepted));
}

function keys(segment: string | undefined, { tenant, tokenKeys }: HttpContext): Answer {
  const named = tenantOf(segment, tenant);
  if (named.kind === "unknown") return refuse(400, "invalid_tenant", tenantRefusal(named, tenant));
  return ok(publishedKeys(tokenKeys.accepted));
}
