import type { TokenErrorWire } from "@halligan/protocol/api";
import type { Attempt } from "../../../../../auth/failures/attempt.ts";
import { tenantOf, tenantRefusal } from "../../../../../auth/tenant.ts";
import { type OAuthError, parseTokenRequest } from "../../../../../auth/tokens/token-request.ts";
import { issueToken } from "../../../../../service/identity/issue-token.ts";
import type { AnonymousCaller } from "../../../../edge/access.ts";
import { mediaTypeOf } from "../../../../edge/body/content-type.ts";
import { type ErrorResponse, httpError, tooManyRequests } from "../../../../edge/http-response.ts";
import type { OperationRequest } from "../../../../edge/operation.ts";
import type { HttpContext } from "../../../context.ts";

type TokenPath = "/:tenant/oauth2/token" | "/:tenant/oauth2/v2.0/token";

interface RequestedToken {
  readonly kind: "issued";
  readonly accessToken: string;
  readonly lifetimeSeconds: number;
  readonly audience: string;
}

/** What both token endpoints do; each writes the token in the form of its version. */
export async function requestedToken(
  { params, body, headers, remoteAddress }: OperationRequest<TokenPath, AnonymousCaller, URLSearchParams>,
  version: "v1" | "v2",
  context: HttpContext,
): Promise<RequestedToken | ErrorResponse> {
  const { tenant, authentications } = context;
  const named = tenantOf(params.tenant, tenant);
  if (named.kind !== "own") return httpError(400, "invalid_request", tenantRefusal(named, tenant));
  const request = parseTokenRequest(body, version, context.audiences, headers.authorization);
  if (!request.ok) return oauthRefusal(withContentType(request.error, headers["content-type"]));
  const { proof, clientId, audience } = request.value;
  const attempt: Attempt = {
    kind: proof.kind,
    address: remoteAddress,
    account: clientId,
    credential: proof.kind === "secret" ? proof.clientSecret : proof.assertion,
  };
  const waitMs = authentications.waitMs(attempt);
  if (waitMs !== null) return tooManyFailures(waitMs);
  const endpoint = { tenant, key: context.tokenKeys.signing, replay: context.assertionReplay };
  const issued = await issueToken(context, endpoint, request.value, version);
  if (!issued.ok) {
    authentications.failed(attempt);
    return oauthRefusal(issued.error);
  }
  authentications.succeeded(attempt);
  return { kind: "issued", ...issued.value, audience };
}

/** RFC 6749 has no code for it at this endpoint; clients go by the status and `Retry-After`. */
function tooManyFailures(waitMs: number): ErrorResponse {
  const { message, headers } = tooManyRequests(
    waitMs / 1_000,
    "too many failed sign-ins of this address or client_id.",
  );
  return httpError(429, "temporarily_unavailable", message, headers);
}

const FORM = "application/x-www-form-urlencoded";

/**
 * Any content type is read as a form, so one that is none may be why a field seems to be missing.
 */
function withContentType(refusal: OAuthError, contentType: string | undefined): OAuthError {
  if (refusal.error !== "invalid_request" || ["", FORM].includes(mediaTypeOf(contentType))) return refusal;
  return { ...refusal, error_description: `${refusal.error_description}; send the fields as ${FORM}` };
}

/** RFC 9110 section 15.5.2: a 401 names a scheme with which the client may try again. */
const CHALLENGE = { "www-authenticate": 'Basic realm="Halligan"' };

const oauthRefusal = ({ status, error, error_description }: OAuthError & TokenErrorWire): ErrorResponse =>
  httpError(status, error, error_description, status === 401 ? CHALLENGE : undefined);
