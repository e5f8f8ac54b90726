import type { OpenIdConfigurationWire, TokenKeysWire } from "@halligan/protocol/api";
import { tenantOf, tenantRefusal } from "../../../../../auth/tenant.ts";
import {
  type EndpointVersion,
  openIdConfiguration,
  publishedKeys,
} from "../../../../../auth/tokens/openid-configuration.ts";
import { type ErrorResponse, httpError, type JsonResponse, ok } from "../../../../edge/http-response.ts";
import type { HttpContext } from "../../../context.ts";

/**
 * For one of Entra's shared names there is a document too, as Entra has one: a library shows its
 * user the refusal of the token endpoint, which says what to do, and hides that of the document.
 */
export function configurationResponse(
  segment: string,
  version: EndpointVersion,
  { publicUrl, tenant, audiences, tokenKeys }: HttpContext,
): JsonResponse<200, OpenIdConfigurationWire> | ErrorResponse {
  const named = tenantOf(segment, tenant);
  if (named.kind === "unknown") return httpError(400, "invalid_tenant", tenantRefusal(named, tenant));
  const place =
    named.kind === "own"
      ? { publicUrl, segment: tenant.id, isShared: false }
      : { publicUrl, segment: named.name, isShared: true };
  return ok(openIdConfiguration(place, version, audiences, tokenKeys.accepted));
}

export function tokenKeysResponse(
  segment: string,
  { tenant, tokenKeys }: HttpContext,
): JsonResponse<200, TokenKeysWire> | ErrorResponse {
  const named = tenantOf(segment, tenant);
  if (named.kind === "unknown") return httpError(400, "invalid_tenant", tenantRefusal(named, tenant));
  return ok(publishedKeys(tokenKeys.accepted));
}
