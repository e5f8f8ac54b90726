import { err, ok, type Result } from "@halligan/protocol/errors";
import { calculateJwkThumbprint } from "jose";
import { verificationKey } from "../verification-key.ts";
import { ASSERTION_ALGORITHMS } from "./client-assertion.ts";

/**
 * Most keys of one application: the present one, the next one, and some that were not removed in
 * time.
 */
export const MAX_APPLICATION_KEYS = 10;

/** The public key that is stored for an application: only the members that verification needs. */
export type ApplicationKey = Readonly<Record<string, string>>;

/** Members of a JWK that only the owner of the private half may have (RFC 7518 section 6). */
const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
const KEPT_MEMBERS = ["kty", "n", "e", "crv", "x", "y", "alg", "kid", "x5t"];

/**
 * Reads the `keys` with which an application is registered: public JWKs that can verify an
 * assertion. A private key is refused and not stripped, because it has left its owner and must not
 * be used at all. A missing `kid` becomes the RFC 7638 thumbprint.
 */
export async function readApplicationKeys(
  jwks: readonly Readonly<Record<string, unknown>>[],
): Promise<Result<ApplicationKey[], string>> {
  if (jwks.length > MAX_APPLICATION_KEYS) return err(`an application has at most ${MAX_APPLICATION_KEYS} keys`);
  const keys: ApplicationKey[] = [];
  for (const [index, jwk] of jwks.entries()) {
    const leaked = PRIVATE_MEMBERS.find((name) => name in jwk);
    if (leaked !== undefined) {
      return err(`keys[${index}] is a private key (it has ${leaked}): make a new pair and send the public half only`);
    }
    const usable = verificationKey(jwk);
    if (usable === null || !usable.algorithms.some((one) => ASSERTION_ALGORITHMS.some((served) => served === one))) {
      return err(
        `keys[${index}] is not a public JWK for signatures: RSA from 2048 bits, P-256 or Ed25519, for ${ASSERTION_ALGORITHMS.join(", ")}`,
      );
    }
    const kept = Object.entries(jwk).flatMap(([name, value]): [string, string][] =>
      KEPT_MEMBERS.includes(name) && typeof value === "string" ? [[name, value]] : [],
    );
    keys.push({ kid: await calculateJwkThumbprint(usable.key), ...Object.fromEntries(kept) });
  }
  return ok(keys);
}
