import { err, ok, type Result } from "@halligan/protocol/errors";
import { secretMatches } from "../../auth/secret-hash.ts";
import type { Tenant } from "../../auth/tenant.ts";
import { issueAccessToken, issuers, lifetimeSeconds } from "../../auth/tokens/access-token.ts";
import { type AssertionReplay, verifyClientAssertion } from "../../auth/tokens/client-assertion.ts";
import { endpointUrl } from "../../auth/tokens/openid-configuration.ts";
import type { SigningKey } from "../../auth/tokens/signing-key.ts";
import {
  assertionRefused,
  INVALID_ASSERTION,
  INVALID_CLIENT,
  type OAuthError,
  type TokenRequest,
} from "../../auth/tokens/token-request.ts";
import { type ApplicationSecret, isSecretUsable } from "../../domain/identity/application-secret.ts";
import type { Application } from "../../store/identity/applications.ts";
import type { ServiceContext } from "../context.ts";

export interface IssuedToken {
  accessToken: string;
  lifetimeSeconds: number;
}

/** The dependencies of the token endpoints, in addition to the use cases' context. */
export interface TokenEndpoint {
  tenant: Tenant;
  key: SigningKey;
  /** Assertions that were used before. */
  replay: AssertionReplay;
}

/** Both token endpoints: exchanges an application's id and proof for a token with its roles. */
export async function issueToken(
  { store, clock, ids, publicUrl }: Pick<ServiceContext, "store" | "clock" | "ids" | "publicUrl">,
  { tenant, key, replay }: TokenEndpoint,
  request: TokenRequest,
  version: "v1" | "v2",
): Promise<Result<IssuedToken, OAuthError>> {
  const application = await store.read((tx) => tx.applications.byClientId(request.clientId));
  const nowMs = clock.nowMs();
  let secret: ApplicationSecret | null = null;
  if (request.proof.kind === "secret") {
    secret = usableSecret(application, request.proof.clientSecret, nowMs) ?? null;
    if (secret === null) return err(INVALID_CLIENT);
  } else {
    const refusal = await checkAssertion(application, request.proof.assertion, { publicUrl, tenant, replay, nowMs });
    if (refusal !== null) return err(refusal);
  }
  if (application === undefined) return err(INVALID_CLIENT);
  const accessToken = await issueAccessToken({
    application,
    secret,
    audience: request.audience,
    version,
    issuer: issuers(publicUrl, tenant.id)[version],
    tenant: tenant.id,
    key,
    nowMs,
    tokenId: ids.guid(),
  });
  return ok({ accessToken, lifetimeSeconds: lifetimeSeconds(secret, nowMs) });
}

/**
 * An expired secret gets the same refusal as a wrong one. Only the application itself may know that
 * it was valid once.
 */
const usableSecret = (
  application: Application | undefined,
  clientSecret: string,
  nowMs: number,
): ApplicationSecret | undefined =>
  application?.secrets.find((one) => secretMatches(clientSecret, one.sha256) && isSecretUsable(one, nowMs));

async function checkAssertion(
  application: Application | undefined,
  assertion: string,
  at: { publicUrl: string; tenant: Tenant; replay: AssertionReplay; nowMs: number },
): Promise<OAuthError | null> {
  if (application === undefined) return INVALID_ASSERTION;
  const { publicUrl, tenant, replay, nowMs } = at;
  // MSAL uses the tenant in the audience as it appears in its authority, so each of the tenant's
  // names is accepted.
  const audiences = [tenant.id, ...tenant.names].flatMap((segment) => [
    endpointUrl(publicUrl, segment, "v1", "token"),
    endpointUrl(publicUrl, segment, "v2", "token"),
    ...Object.values(issuers(publicUrl, segment)),
  ]);
  const verdict = await verifyClientAssertion({ assertion, application, audiences, nowMs, replay });
  if (verdict.ok) return null;
  const { isProven, reason } = verdict.error;
  return isProven ? assertionRefused(reason) : INVALID_ASSERTION;
}
