import { createPublicKey, type KeyObject } from "node:crypto";
import { Type } from "typebox";
import { Compile } from "typebox/compile";

/**
 * Accepted algorithms of others. Never `none` or HS*: with those, the public key would be enough to
 * sign.
 */
export const SIGNATURE_ALGORITHMS = ["RS256", "PS256", "ES256", "ES384", "EdDSA"] as const;
export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number];

export interface VerificationKey {
  readonly kid: string | undefined;
  /** `x5t` of the JWK: SHA-1 of the certificate, base64url. */
  readonly x5t: string | undefined;
  /**
   * The algorithm of the key. It is bound to the key, so that the token's header cannot choose it.
   */
  readonly algorithms: readonly SignatureAlgorithm[];
  readonly key: KeyObject;
}

const text = (maxLength: number) => Type.String({ maxLength });
const PublicJwk = Compile(
  Type.Object({
    kty: Type.String(),
    kid: Type.Optional(text(512)),
    x5t: Type.Optional(text(128)),
    use: Type.Optional(Type.String()),
    key_ops: Type.Optional(Type.Array(Type.String())),
    alg: Type.Optional(Type.String()),
    // 16,384 bits in base64url. Longer keys only cost time.
    n: Type.Optional(text(2_731)),
    e: Type.Optional(text(16)),
    crv: Type.Optional(text(32)),
    x: Type.Optional(text(128)),
    y: Type.Optional(text(128)),
  }),
);

const MIN_RSA_BITS = 2_048;

/**
 * The key of a public JWK. Null for a JWK that cannot verify: another kind of key, too weak, for
 * encryption, malformed.
 */
export function verificationKey(jwk: unknown): VerificationKey | null {
  if (!PublicJwk.Check(jwk)) return null;
  if (jwk.use !== undefined && jwk.use !== "sig") return null;
  if (jwk.key_ops !== undefined && !jwk.key_ops.includes("verify")) return null;
  const key = publicKeyOf(jwk);
  const possible = key === null ? [] : algorithmsOf(key);
  const algorithms = jwk.alg === undefined ? possible : possible.filter((one) => one === jwk.alg);
  return key === null || algorithms.length === 0 ? null : { kid: jwk.kid, x5t: jwk.x5t, algorithms, key };
}

type JwkFields = { readonly [name in "kty" | "n" | "e" | "crv" | "x" | "y"]?: string };

function publicKeyOf({ kty, n, e, crv, x, y }: JwkFields): KeyObject | null {
  const fields = Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => value !== undefined);
  try {
    return createPublicKey({ key: Object.fromEntries(fields), format: "jwk" });
  } catch {
    return null;
  }
}

function algorithmsOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): readonly SignatureAlgorithm[] {
  if (asymmetricKeyType === "ed25519") return ["EdDSA"];
  if (asymmetricKeyType === "ec") {
    if (asymmetricKeyDetails?.namedCurve === "prime256v1") return ["ES256"];
    return asymmetricKeyDetails?.namedCurve === "secp384r1" ? ["ES384"] : [];
  }
  const { modulusLength = 0, publicExponent = 0n } = asymmetricKeyDetails ?? {};
  // With the exponent 1 every text is its own signature.
  return asymmetricKeyType === "rsa" && modulusLength >= MIN_RSA_BITS && publicExponent >= 3n ? ["RS256", "PS256"] : [];
}
