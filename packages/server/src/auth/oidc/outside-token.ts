import { err, ok, type Result } from "@halligan/protocol/errors";
import { errors, type JWTHeaderParameters, type JWTPayload, jwtVerify } from "jose";
import { refuseToken, type TokenRefusal } from "../token-refusal.ts";
import type { VerifiedToken } from "../verified-token.ts";
import type { IssuerKeys } from "./issuer-keys.ts";
import { pickKey } from "./key-set.ts";
import { callerOf } from "./outside-claims.ts";
import type { TrustedIssuer } from "./trusted-issuer.ts";

/** Checks all properties of an outside issuer's token that do not depend on the time of day. */
export async function checkOutsideToken(
  token: string,
  trusted: TrustedIssuer,
  keys: IssuerKeys,
): Promise<Result<VerifiedToken, TokenRefusal>> {
  if ((await keys.current()).length === 0) return err(refuseToken("IssuerUnreachable"));
  const verified = await verifiedParts(token, trusted, keys);
  if (!verified.ok) return verified;
  const { payload, typ } = verified.value;
  const { iss, aud, tid, nbf = 0, exp } = payload;
  if (iss !== trusted.issuer) return err(refuseToken("WrongIssuer"));
  if (trusted.tenant !== undefined && tid !== trusted.tenant) return err(refuseToken("WrongIssuer"));
  if (![aud].flat().some((one) => one !== undefined && trusted.audiences.includes(one)))
    return err(refuseToken("WrongAudience"));
  // JSON's 1e999 is Infinity. A token that never expires is not valid.
  if (exp === undefined || !Number.isFinite(exp) || !Number.isFinite(nbf)) return err(refuseToken("Malformed"));
  if (!isAccessToken(typ, payload)) return err(refuseToken("WrongKind"));
  const caller = callerOf(payload, trusted);
  if (caller.kind === "refused") return err(caller);
  return ok({ caller, notBeforeMs: nbf * 1000, expiresAtMs: exp * 1000 });
}

interface VerifiedParts {
  readonly payload: JWTPayload;
  readonly typ: string | undefined;
}

async function verifiedParts(
  token: string,
  trusted: TrustedIssuer,
  keys: IssuerKeys,
): Promise<Result<VerifiedParts, TokenRefusal>> {
  const keyOf = async ({ kid, alg: named }: JWTHeaderParameters) => {
    const alg = trusted.algorithms.find((one) => one === named);
    if (alg === undefined) throw new errors.JOSEAlgNotAllowed("the algorithm is not one of the issuer's");
    const key = pickKey(await keys.current(), { kid, alg }) ?? pickKey(await keys.renewed(), { kid, alg });
    if (key === null) throw new errors.JWKSNoMatchingKey();
    return key.key;
  };
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keyOf, {
      algorithms: [...trusted.algorithms],
      // As for own tokens, the verifier checks the times.
      currentDate: new Date(0),
      clockTolerance: Number.MAX_SAFE_INTEGER,
    });
    return ok({ payload, typ: protectedHeader.typ });
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return err(refuseToken("UnknownKey"));
    if (error instanceof errors.JWSSignatureVerificationFailed) return err(refuseToken("BadSignature"));
    if (error instanceof errors.JOSEError || error instanceof TypeError) return err(refuseToken("Malformed"));
    throw error;
  }
}

/**
 * Refuses tokens that an issuer signs with the same keys for other purposes: id tokens, logout and
 * refresh tokens. A type of `at+jwt` (RFC 9068) identifies an access token. Older issuers write
 * `JWT` or nothing for every kind; their id tokens are recognised by their claims (OpenID Connect
 * Core section 2, Keycloak's payload `typ`). For the rest the audience decides: that of an id token
 * is an application.
 */
function isAccessToken(typ: string | undefined, payload: JWTPayload): boolean {
  const { at_hash, c_hash, s_hash, nonce, events, typ: kind } = payload;
  const type = typ?.toLowerCase().replace(/^application\//, "");
  if (type === "at+jwt") return true;
  if (type !== undefined && type !== "jwt") return false;
  if (kind !== undefined && kind !== "Bearer") return false;
  if (at_hash !== undefined || c_hash !== undefined || s_hash !== undefined || events !== undefined) return false;
  return nonce === undefined || kind === "Bearer";
}
