import { isPermission } from "@halligan/protocol/api";
import { err, ok, type Result } from "@halligan/protocol/errors";
import { errors, type JWTPayload, jwtVerify } from "jose";
import { refuseToken, type TokenRefusal } from "../token-refusal.ts";
import type { VerifiedToken } from "../verified-token.ts";
import type { SigningKey } from "./signing-key.ts";

export interface TokenExpectations {
  readonly keys: readonly SigningKey[];
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  readonly tenant: string;
}

/** Checks all properties of an own token that do not depend on the time of day. */
export async function checkTokenSignature(
  token: string,
  expected: TokenExpectations,
): Promise<Result<VerifiedToken, TokenRefusal>> {
  if (expected.keys.length === 0 || expected.issuers.length === 0 || expected.audiences.length === 0) {
    return err(refuseToken("UnknownKey"));
  }
  const verified = await verifiedPayload(token, expected);
  return verified.ok ? readClaims(verified.value, expected) : verified;
}

async function verifiedPayload(token: string, expected: TokenExpectations): Promise<Result<JWTPayload, TokenRefusal>> {
  try {
    const { payload } = await jwtVerify(
      token,
      (header) => {
        const key = expected.keys.find((one) => one.kid === header.kid && one.alg === header.alg);
        if (key === undefined) throw new errors.JWKSNoMatchingKey();
        return key.publicKey;
      },
      {
        algorithms: [...new Set(expected.keys.map((key) => key.alg))],
        typ: "JWT",
        // The verifier compares the times with the caller's clock on every use, so this check
        // accepts any times.
        currentDate: new Date(0),
        clockTolerance: Number.MAX_SAFE_INTEGER,
      },
    );
    return ok(payload);
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return err(refuseToken("UnknownKey"));
    if (error instanceof errors.JWSSignatureVerificationFailed) return err(refuseToken("BadSignature"));
    if (error instanceof errors.JOSEError || error instanceof TypeError) return err(refuseToken("Malformed"));
    throw error;
  }
}

function readClaims(payload: JWTPayload, expected: TokenExpectations): Result<VerifiedToken, TokenRefusal> {
  const { iss, aud, iat, nbf, exp, tid, appid, app_displayname: name, roles } = payload;
  if (iss === undefined || !expected.issuers.includes(iss) || tid !== expected.tenant)
    return err(refuseToken("WrongIssuer"));
  if (typeof aud !== "string" || !expected.audiences.includes(aud)) return err(refuseToken("WrongAudience"));
  if (typeof iat !== "number" || typeof nbf !== "number" || typeof exp !== "number")
    return err(refuseToken("Malformed"));
  if (typeof appid !== "string" || typeof name !== "string" || !Array.isArray(roles))
    return err(refuseToken("Malformed"));
  const granted = roles.filter((role) => typeof role === "string").filter(isPermission);
  return ok({
    caller: { kind: "application", id: appid, clientId: appid, name, roles: new Set(granted) },
    notBeforeMs: nbf * 1000,
    expiresAtMs: exp * 1000,
    // A token that is older than these claims has the first generation.
    issuedUnder: {
      generation: typeof payload.gen === "number" ? payload.gen : 0,
      secretId: typeof payload.sec === "string" ? payload.sec : null,
    },
  });
}
