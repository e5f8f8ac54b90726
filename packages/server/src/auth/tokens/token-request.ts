import { err, ok, type Result } from "@halligan/protocol/errors";
import { parseRequestedAudience } from "./audiences.ts";
import { type BasicCredentials, readBasicCredentials } from "./basic-credentials.ts";
import { ASSERTION_TYPE, namedClient } from "./client-assertion.ts";

/** The proof of an application's identity: its secret, or a signature of its private key. */
export type ClientProof =
  | { readonly kind: "secret"; readonly clientSecret: string }
  | { readonly kind: "assertion"; readonly assertion: string };

/** A well-formed request for an application's token. The proof is not verified yet. */
export interface TokenRequest {
  readonly grant: "client_credentials";
  readonly clientId: string;
  readonly proof: ClientProof;
  readonly audience: string;
}

/**
 * A refusal in the form of OAuth (RFC 6749 section 5.2): the body is `{error, error_description}`.
 * `status`: HTTP 400 or 401.
 */
export interface OAuthError {
  readonly error:
    | "invalid_request"
    | "invalid_client"
    | "unsupported_grant_type"
    | "invalid_scope"
    | "invalid_resource"
    | "unauthorized_client";
  readonly error_description: string;
  readonly status: 400 | 401;
}

const oauthError = (error: OAuthError["error"], error_description: string, status: 400 | 401 = 400): OAuthError => ({
  error,
  error_description,
  status,
});

const refuse = (...args: Parameters<typeof oauthError>): Result<never, OAuthError> => err(oauthError(...args));

const FIELDS = [
  "grant_type",
  "client_id",
  "client_secret",
  "resource",
  "scope",
  "client_assertion",
  "client_assertion_type",
];

/**
 * A wrong client id and a wrong secret have the same response, so that ids cannot be discovered.
 */
export const INVALID_CLIENT: OAuthError = oauthError("invalid_client", "client_id or client_secret is wrong", 401);

const MALFORMED_BASIC: OAuthError = oauthError(
  "invalid_client",
  "the Authorization header is no HTTP Basic with a form-urlencoded client id and secret",
  401,
);

/** The same for an assertion that was not signed by a known key. */
export const INVALID_ASSERTION: OAuthError = oauthError(
  "invalid_client",
  "client_assertion is not signed with a key that is registered for the client_id",
  401,
);

/**
 * For a client whose signature is valid: what is wrong with the rest. `reason`: this server's own
 * text, not the client's.
 */
export const assertionRefused = (reason: string): OAuthError =>
  oauthError("invalid_client", `client_assertion is not accepted: ${reason}`, 401);

/** Grants that real clients use and this server does not support. The refusal names them. */
const GRANTS_NOT_SERVED = new Set([
  "password",
  "authorization_code",
  "refresh_token",
  "device_code",
  "urn:ietf:params:oauth:grant-type:device_code",
  "urn:ietf:params:oauth:grant-type:jwt-bearer",
]);

/**
 * Reads the form of `POST /{tenant}/oauth2/token` (v1) or `/{tenant}/oauth2/v2.0/token` (v2). Pure.
 * The sequence of fields does not matter and unknown ones are ignored; a field given twice is
 * refused. `docs/contract/clients-in-the-wild.md#tokens`. `accepted`: see `acceptedAudiences`.
 * `authorization`: the header, for clients that send their id and secret by HTTP Basic.
 */
export function parseTokenRequest(
  form: URLSearchParams,
  version: "v1" | "v2",
  accepted: readonly string[],
  authorization?: string | undefined,
): Result<TokenRequest, OAuthError> {
  const doubled = FIELDS.find((name) => form.getAll(name).length > 1);
  if (doubled !== undefined) return refuse("invalid_request", `${doubled} is given more than once`);
  const field = (name: string) => form.get(name) || undefined;

  const grant = field("grant_type");
  if (grant === undefined) return refuse("invalid_request", "grant_type is missing");
  if (grant !== "client_credentials") {
    const known = GRANTS_NOT_SERVED.has(grant) ? grant : "this grant_type";
    return refuse("unsupported_grant_type", `${known} is not served here; use client_credentials`);
  }
  const basic = readBasicCredentials(authorization);
  if (basic === "malformed") return err(MALFORMED_BASIC);
  const client = basic === null ? readClient(field) : readBasicClient(basic, field);
  if (!client.ok) return client;

  const choice = parseRequestedAudience({ resource: field("resource"), scope: field("scope") }, version, accepted);
  if (!choice.ok) return refuse(choice.error.code, choice.error.message);
  return ok({ grant: "client_credentials", ...client.value, audience: choice.value });
}

/**
 * RFC 6749 section 2.3: a client uses only one authentication method in a request. Its id may also
 * be in the form.
 */
function readBasicClient(
  { clientId, clientSecret }: BasicCredentials,
  field: (name: string) => string | undefined,
): Result<Pick<TokenRequest, "clientId" | "proof">, OAuthError> {
  const second = ["client_secret", "client_assertion", "client_assertion_type"].find(
    (name) => field(name) !== undefined,
  );
  if (second !== undefined) {
    return refuse("invalid_request", `the Authorization header and ${second} are given both; use one of them`);
  }
  if (field("client_id") !== undefined && field("client_id")?.toLowerCase() !== clientId.toLowerCase()) {
    return refuse("invalid_request", "client_id is not the client of the Authorization header");
  }
  return ok({ clientId, proof: { kind: "secret", clientSecret } });
}

/**
 * RFC 7521 section 4.2: with an assertion `client_id` is optional. If it is present, it must be the
 * assertion's.
 */
function readClient(
  field: (name: string) => string | undefined,
): Result<Pick<TokenRequest, "clientId" | "proof">, OAuthError> {
  const clientId = field("client_id");
  const clientSecret = field("client_secret");
  const assertion = field("client_assertion");
  const assertionType = field("client_assertion_type");
  if (assertion === undefined && assertionType === undefined) {
    if (clientId === undefined) return refuse("invalid_request", "client_id is missing");
    if (clientSecret === undefined) {
      return refuse("invalid_request", "client_secret, client_assertion or an Authorization header is missing");
    }
    return ok({ clientId, proof: { kind: "secret", clientSecret } });
  }
  if (assertion === undefined) return refuse("invalid_request", "client_assertion is missing");
  if (assertionType !== ASSERTION_TYPE) {
    return refuse("invalid_request", `client_assertion_type must be ${ASSERTION_TYPE}`);
  }
  if (clientSecret !== undefined) {
    return refuse("invalid_request", "client_secret and client_assertion are given both; use one of them");
  }
  const named = namedClient(assertion);
  if (named === undefined) return refuse("invalid_client", "client_assertion is not a JWT with a sub", 401);
  // Looked up by `client_id`. The signature check verifies that the assertion's `sub` is the same.
  return ok({ clientId: clientId ?? named, proof: { kind: "assertion", assertion } });
}
