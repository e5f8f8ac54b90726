import { SignJWT } from "jose";
import type { SigningKey } from "./signing-key.ts";

/**
 * Lifetime of a token in seconds. One second less than an hour, like the contract's `expires_in`
 * (`docs/contract/auth.md#token-requests`).
 */
export const TOKEN_LIFETIME_S = 3599;

/**
 * `iss` of this server's tokens, by the version of the token endpoint. Has the form of Entra's:
 * `docs/contract/auth.md#claims`.
 */
export const issuers = (publicUrl: string, tenant: string) => ({
  v1: `${publicUrl}/${tenant}/`,
  v2: `${publicUrl}/${tenant}/v2.0`,
});

export interface AccessTokenSubject {
  readonly application: {
    readonly clientId: string;
    readonly name: string;
    readonly roles: readonly string[];
    readonly tokenGeneration?: number;
  };
  /** The secret with which it was requested; the token becomes invalid with it. Null for a key. */
  readonly secret?: { readonly id: string; readonly expiresAtMs: number | null } | null;
  readonly audience: string;
  readonly version: "v1" | "v2";
  readonly issuer: string;
  readonly tenant: string;
  readonly key: SigningKey;
  /** Unix milliseconds. */
  readonly nowMs: number;
  /** Any value that differs between two tokens of one second. */
  readonly tokenId: string;
}

/** A token does not outlive the secret with which it was requested. */
export function lifetimeSeconds(secret: AccessTokenSubject["secret"], nowMs: number): number {
  if (secret?.expiresAtMs == null) return TOKEN_LIFETIME_S;
  const leftS = Math.floor(secret.expiresAtMs / 1000) - Math.floor(nowMs / 1000);
  return Math.min(TOKEN_LIFETIME_S, Math.max(0, leftS));
}

/** An app-only access token with the claims of Entra's tokens. `docs/contract/auth.md#claims`. */
export async function issueAccessToken(subject: AccessTokenSubject): Promise<string> {
  const { application, secret, audience, version, issuer, tenant, key, nowMs, tokenId } = subject;
  const nowS = Math.floor(nowMs / 1000);
  return await new SignJWT({
    tid: tenant,
    appid: application.clientId,
    ...(version === "v2" ? { azp: application.clientId } : {}),
    app_displayname: application.name,
    roles: [...application.roles],
    oid: application.clientId,
    sub: application.clientId,
    uti: tokenId,
    ver: version === "v2" ? "2.0" : "1.0",
    gen: application.tokenGeneration ?? 0,
    ...(secret && { sec: secret.id }),
  })
    .setProtectedHeader({ typ: "JWT", alg: key.alg, kid: key.kid })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(nowS)
    .setNotBefore(nowS)
    .setExpirationTime(nowS + lifetimeSeconds(secret, nowMs))
    .sign(key.privateKey);
}
