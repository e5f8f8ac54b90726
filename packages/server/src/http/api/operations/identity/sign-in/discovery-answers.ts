import type { OpenIdConfigurationWire, TokenKeysWire } from "@halligan/protocol/api";
import { tenantOf, tenantRefusal } from "../../../../../auth/tenant.ts";
import {
  type EndpointVersion,
  openIdConfiguration,
  publishedKeys,
} from "../../../../../auth/tokens/openid-configuration.ts";
import { type ErrorAnswer, type JsonAnswer, ok, refuse } from "../../../../edge/answer.ts";
import type { HttpContext } from "../../../context.ts";

/**
 * For one of Entra's shared names there is a document too, as Entra has one: a library shows its
 * user the refusal of the token endpoint, which says what to do, and hides that of the document.
 */
export function configurationAnswer(
  segment: string,
  version: EndpointVersion,
  { publicUrl, tenant, audiences, tokenKeys }: HttpContext,
): JsonAnswer<200, OpenIdConfigurationWire> | ErrorAnswer {
  const named = tenantOf(segment, tenant);
  if (named.kind === "unknown") return refuse(400, "invalid_tenant", tenantRefusal(named, tenant));
  const place =
    named.kind === "own"
      ? { publicUrl, segment: tenant.id, isShared: false }
      : { publicUrl, segment: named.name, isShared: true };
  return ok(openIdConfiguration(place, version, audiences, tokenKeys.accepted));
}

export function tokenKeysAnswer(
  segment: string,
  { tenant, tokenKeys }: HttpContext,
): JsonAnswer<200, TokenKeysWire> | ErrorAnswer {
  const named = tenantOf(segment, tenant);
  if (named.kind === "unknown") return refuse(400, "invalid_tenant", tenantRefusal(named, tenant));
  return ok(publishedKeys(tokenKeys.accepted));
}
