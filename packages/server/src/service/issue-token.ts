import { issueAccessToken, issuers, TOKEN_LIFETIME_S } from "../auth/access-token.ts";
import { type AssertionReplay, verifyClientAssertion } from "../auth/client-assertion.ts";
import { secretMatches } from "../auth/secret-hash.ts";
import type { SigningKey } from "../auth/signing-key.ts";
import {
  assertionRefused,
  INVALID_ASSERTION,
  INVALID_CLIENT,
  type OAuthError,
  type TokenRequest,
} from "../auth/token-request.ts";
import type { Application } from "../store/applications.ts";
import type { ServiceContext } from "./context.ts";

export interface IssuedToken {
  accessToken: string;
  lifetimeSeconds: number;
}

/** What the token endpoints have besides the use cases' context. */
export interface TokenEndpoint {
  tenant: string;
  key: SigningKey;
  /** Assertions that were used already. */
  replay: AssertionReplay;
}

/** Both token endpoints: an application's id and proof for a token with its roles. */
export async function issueToken(
  { store, clock, ids, publicUrl }: Pick<ServiceContext, "store" | "clock" | "ids" | "publicUrl">,
  { tenant, key, replay }: TokenEndpoint,
  request: TokenRequest,
  version: "v1" | "v2",
): Promise<IssuedToken | OAuthError> {
  const application = await store.read((tx) => tx.applications.byClientId(request.clientId));
  const refusal =
    request.proof.kind === "secret"
      ? checkSecret(application, request.proof.clientSecret)
      : await checkAssertion(application, request.proof.assertion, { publicUrl, tenant, replay, nowMs: clock.nowMs() });
  if (refusal !== null || application === undefined) return refusal ?? INVALID_CLIENT;
  const accessToken = await issueAccessToken({
    application,
    audience: request.audience,
    version,
    issuer: issuers(publicUrl, tenant)[version],
    tenant,
    key,
    nowMs: clock.nowMs(),
    tokenId: ids.guid(),
  });
  return { accessToken, lifetimeSeconds: TOKEN_LIFETIME_S };
}

const checkSecret = (application: Application | undefined, clientSecret: string): OAuthError | null =>
  application !== undefined && secretMatches(clientSecret, application.secretSha256) ? null : INVALID_CLIENT;

async function checkAssertion(
  application: Application | undefined,
  assertion: string,
  at: { publicUrl: string; tenant: string; replay: AssertionReplay; nowMs: number },
): Promise<OAuthError | null> {
  if (application === undefined) return INVALID_ASSERTION;
  const { publicUrl, tenant, replay, nowMs } = at;
  const audiences = [
    `${publicUrl}/${tenant}/oauth2/token`,
    `${publicUrl}/${tenant}/oauth2/v2.0/token`,
    ...Object.values(issuers(publicUrl, tenant)),
  ];
  const verdict = await verifyClientAssertion({ assertion, application, audiences, nowMs, replay });
  if (verdict.ok) return null;
  return verdict.isProven ? assertionRefused(verdict.reason) : INVALID_ASSERTION;
}
