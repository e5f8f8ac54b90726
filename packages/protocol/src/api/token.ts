import { type Static, Type } from "typebox";

/**
 * Answer of both token endpoints. v1 gives the numbers as strings, v2 as numbers.
 * `docs/contract/auth.md#token-requests`.
 */
export const TokenWire = Type.Object({
  token_type: Type.Literal("Bearer"),
  expires_in: Type.Union([Type.Integer(), Type.String()]),
  ext_expires_in: Type.Union([Type.Integer(), Type.String()]),
  access_token: Type.String(),
});
export type TokenWire = Static<typeof TokenWire>;

/** Error of a token endpoint. It has OAuth's form, not the form of the API's errors. */
export const TokenErrorWire = Type.Object({ error: Type.String(), error_description: Type.String() });
export type TokenErrorWire = Static<typeof TokenErrorWire>;

const texts = Type.Array(Type.String());

/**
 * `GET /{tenant}/v2.0/.well-known/openid-configuration`, and the same of v1: where a library finds
 * the rest.
 */
export const OpenIdConfigurationWire = Type.Object({
  issuer: Type.String(),
  authorization_endpoint: Type.String(),
  token_endpoint: Type.String(),
  jwks_uri: Type.String(),
  token_endpoint_auth_methods_supported: texts,
  token_endpoint_auth_signing_alg_values_supported: texts,
  grant_types_supported: texts,
  response_types_supported: texts,
  scopes_supported: texts,
  subject_types_supported: texts,
  id_token_signing_alg_values_supported: texts,
  claims_supported: texts,
  cloud_instance_name: Type.String(),
});
export type OpenIdConfigurationWire = Static<typeof OpenIdConfigurationWire>;

/**
 * `GET /{tenant}/discovery/v2.0/keys`: public keys (JWK) that may have signed a token, also those
 * before and after a rotation.
 */
export const TokenKeysWire = Type.Object({
  keys: Type.Array(
    Type.Object({
      kty: Type.String(),
      use: Type.Literal("sig"),
      alg: Type.String(),
      kid: Type.String(),
      crv: Type.String(),
      x: Type.String(),
      y: Type.Optional(Type.String()),
    }),
  ),
});
export type TokenKeysWire = Static<typeof TokenKeysWire>;

/**
 * `GET /common/discovery/instance`: which host names are one cloud, and where a tenant's
 * configuration is.
 */
export const InstanceDiscoveryWire = Type.Object({
  tenant_discovery_endpoint: Type.String(),
  "api-version": Type.String(),
  metadata: Type.Array(
    Type.Object({ preferred_network: Type.String(), preferred_cache: Type.String(), aliases: texts }),
  ),
});
export type InstanceDiscoveryWire = Static<typeof InstanceDiscoveryWire>;

/** `GET /common/userrealm/{user}`: libraries ask before they send a user's password. */
export const UserRealmWire = Type.Object({
  ver: Type.Literal("1.0"),
  account_type: Type.Literal("Managed"),
  domain_name: Type.String(),
  cloud_instance_name: Type.String(),
});
export type UserRealmWire = Static<typeof UserRealmWire>;
