import type { TokenErrorWire, TokenWire } from "@halligan/protocol/api";
import type { Attempt } from "../../../../auth/failures/attempt.ts";
import { tenantOf, tenantRefusal } from "../../../../auth/tenant.ts";
import { type OAuthError, parseTokenRequest } from "../../../../auth/tokens/token-request.ts";
import { issueToken } from "../../../../service/identity/issue-token.ts";
import { anonymous } from "../../../edge/access.ts";
import { type Answer, ok, refuse, tooManyRequests } from "../../../edge/answer.ts";
import { form } from "../../../edge/body/body-kinds.ts";
import { mediaTypeOf } from "../../../edge/body/content-type.ts";
import type { OperationRequest } from "../../../edge/operation.ts";
import { type HttpContext, operation } from "../../context.ts";

/**
 * `POST /{tenant}/oauth2/token`: numbers as strings, as v1 has them.
 * `docs/contract/auth.md#token-requests`.
 */
export const tokenV1 = operation({
  name: "TokenV1",
  method: "POST",
  path: "/:tenant/oauth2/token",
  access: anonymous,
  body: form,
  errors: "oauth",
  handler: (request, context) => answerTokenRequest(request, "v1", context),
});

/** `POST /{tenant}/oauth2/v2.0/token`: numbers as numbers; typed clients need that. */
export const tokenV2 = operation({
  name: "TokenV2",
  method: "POST",
  path: "/:tenant/oauth2/v2.0/token",
  access: anonymous,
  body: form,
  errors: "oauth",
  handler: (request, context) => answerTokenRequest(request, "v2", context),
});

async function answerTokenRequest(
  { params, body, headers, remoteAddress }: OperationRequest<object, URLSearchParams>,
  version: "v1" | "v2",
  context: HttpContext,
): Promise<Answer> {
  const { tenant, authentications } = context;
  const named = tenantOf(params.tenant, tenant);
  if (named.kind !== "own") return refuse(400, "invalid_request", tenantRefusal(named, tenant));
  const request = parseTokenRequest(body, version, context.audiences, headers.authorization);
  if ("error" in request) return oauthRefusal(withContentType(request, headers["content-type"]));
  const { proof, clientId } = request;
  const attempt: Attempt = {
    kind: proof.kind,
    address: remoteAddress,
    account: clientId,
    credential: proof.kind === "secret" ? proof.clientSecret : proof.assertion,
  };
  const waitMs = authentications.waitMs(attempt);
  if (waitMs !== null) return tooManyFailures(waitMs);
  const endpoint = { tenant, key: context.tokenKeys.signing, replay: context.assertionReplay };
  const issued = await issueToken(context, endpoint, request, version);
  if ("error" in issued) {
    authentications.failed(attempt);
    return oauthRefusal(issued);
  }
  authentications.succeeded(attempt);
  const { accessToken, lifetimeSeconds } = issued;
  if (version === "v2") {
    const answer: TokenWire = {
      token_type: "Bearer",
      expires_in: lifetimeSeconds,
      ext_expires_in: lifetimeSeconds,
      access_token: accessToken,
    };
    return ok(answer);
  }
  const nowSeconds = Math.floor(context.clock.nowMs() / 1000);
  return ok({
    token_type: "Bearer",
    expires_in: String(lifetimeSeconds),
    ext_expires_in: String(lifetimeSeconds),
    expires_on: String(nowSeconds + lifetimeSeconds),
    not_before: String(nowSeconds),
    resource: request.audience,
    access_token: accessToken,
  });
}

/** RFC 6749 has no code for it at this endpoint; clients go by the status and `Retry-After`. */
function tooManyFailures(waitMs: number): Answer {
  const { message, headers } = tooManyRequests(
    waitMs / 1_000,
    "too many failed sign-ins of this address or client_id.",
  );
  return refuse(429, "temporarily_unavailable", message, headers);
}

const FORM = "application/x-www-form-urlencoded";

/** Any content type is read as a form, so one that is none may be why a field seems to be missing. */
function withContentType(refusal: OAuthError, contentType: string | undefined): OAuthError {
  if (refusal.error !== "invalid_request" || ["", FORM].includes(mediaTypeOf(contentType))) return refusal;
  return { ...refusal, error_description: `${refusal.error_description}; send the fields as ${FORM}` };
}

/** RFC 9110 section 15.5.2: a 401 names a scheme with which the client may try again. */
const CHALLENGE = { "www-authenticate": 'Basic realm="Halligan"' };

const oauthRefusal = ({ status, error, error_description }: OAuthError & TokenErrorWire): Answer =>
  refuse(status, error, error_description, status === 401 ? CHALLENGE : undefined);
