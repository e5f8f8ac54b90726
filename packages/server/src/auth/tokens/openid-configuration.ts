import type { OpenIdConfigurationWire, TokenKeysWire } from "@halligan/protocol/api";
import { err, ok, type Result } from "@halligan/protocol/errors";
import { issuers } from "./access-token.ts";
import { ASSERTION_ALGORITHMS } from "./client-assertion.ts";
import type { SigningKey } from "./signing-key.ts";

/** The pair of endpoints; v2 has its version in its paths. */
export type EndpointVersion = "v1" | "v2";

const PATHS = {
  v1: {
    configuration: ".well-known/openid-configuration",
    authorize: "oauth2/authorize",
    token: "oauth2/token",
    keys: "discovery/keys",
  },
  v2: {
    configuration: "v2.0/.well-known/openid-configuration",
    authorize: "oauth2/v2.0/authorize",
    token: "oauth2/v2.0/token",
    keys: "discovery/v2.0/keys",
  },
} as const;

/** `segment`: the tenant as it appears in the path. */
export const endpointUrl = (
  publicUrl: string,
  segment: string,
  version: EndpointVersion,
  endpoint: keyof (typeof PATHS)["v1"],
): string => `${publicUrl}/${segment}/${PATHS[version][endpoint]}`;

/**
 * The configuration document (OpenID Connect Discovery section 3, RFC 8414). `segment`: the
 * tenant's id, or one of Entra's shared names, whose issuer has the same placeholder as Entra's.
 * MSAL refuses a document without `authorization_endpoint`, so it is present although no grant uses
 * it. `response_types_supported` is empty because there is no such grant.
 */
export function openIdConfiguration(
  { publicUrl, segment, isShared }: { publicUrl: string; segment: string; isShared: boolean },
  version: EndpointVersion,
  audiences: readonly string[],
  keys: readonly SigningKey[],
): OpenIdConfigurationWire {
  const url = (endpoint: keyof (typeof PATHS)["v1"]) => endpointUrl(publicUrl, segment, version, endpoint);
  return {
    issuer: issuers(publicUrl, isShared ? "{tenantid}" : segment)[version],
    authorization_endpoint: url("authorize"),
    token_endpoint: url("token"),
    jwks_uri: url("keys"),
    token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic", "private_key_jwt"],
    token_endpoint_auth_signing_alg_values_supported: [...ASSERTION_ALGORITHMS],
    grant_types_supported: ["client_credentials"],
    response_types_supported: [],
    scopes_supported: audiences.map((audience) => `${audience}/.default`),
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: [...new Set(keys.map(({ alg }) => alg))],
    claims_supported: [
      "iss",
      "aud",
      "sub",
      "oid",
      "tid",
      "appid",
      "azp",
      "app_displayname",
      "roles",
      "exp",
      "iat",
      "nbf",
    ],
    cloud_instance_name: new URL(publicUrl).host,
  };
}

/**
 * All keys that this server accepts, so that a cached response verifies tokens issued before and
 * after a rotation.
 */
export const publishedKeys = (keys: readonly SigningKey[]): TokenKeysWire => ({
  keys: keys.map(({ publicKey, kid, alg }) => {
    const { kty = "", crv = "", x = "", y } = publicKey.export({ format: "jwk" });
    return { kty, use: "sig", alg, kid, crv, x, ...(y !== undefined && { y }) };
  }),
});

export interface InstanceQuery {
  readonly version: EndpointVersion;
  readonly segment: string | undefined;
  readonly apiVersion: string;
}

export interface InstanceRefusal {
  readonly code: "invalid_request" | "invalid_instance";
  readonly message: string;
}

const API_VERSIONS = ["1.0", "1.1"];

/**
 * The query of instance discovery. The host of `authorization_endpoint` decides whether this server
 * is responsible.
 */
export function parseInstanceQuery(query: URLSearchParams, publicUrl: string): Result<InstanceQuery, InstanceRefusal> {
  const endpoint = query.get("authorization_endpoint");
  const apiVersion = query.get("api-version") ?? "1.1";
  if (!endpoint) return err({ code: "invalid_request", message: "authorization_endpoint is missing" });
  if (!API_VERSIONS.includes(apiVersion)) {
    return err({ code: "invalid_request", message: `api-version must be ${API_VERSIONS.join(" or ")}` });
  }
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  const host = new URL(publicUrl).host;
  if (url?.host !== host) {
    return err({
      code: "invalid_instance",
      message: `authorization_endpoint is not on ${host}, the public URL of this server`,
    });
  }
  const [, segment, ...rest] = url.pathname.split("/");
  return ok({ version: rest.includes("v2.0") ? "v2" : "v1", segment, apiVersion });
}
