import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { type SignatureAlgorithm, type VerificationKey, verificationKey } from "../verification-key.ts";
import type { FetchJson } from "./fetch-json.ts";
import { discoveryUrl, keysUrl, type TrustedIssuer } from "./trusted-issuer.ts";

const Discovery = Compile(Type.Object({ issuer: Type.String(), jwks_uri: Type.String({ maxLength: 2_048 }) }));
const Jwks = Compile(Type.Object({ keys: Type.Array(Type.Unknown(), { maxItems: 100 }) }));

/**
 * The issuer's present signing keys, found through its discovery document. Throws when the issuer
 * does not answer, or if the document names another issuer.
 */
export async function fetchKeySet(
  trusted: TrustedIssuer,
  fetchJson: FetchJson,
  signal: AbortSignal,
): Promise<readonly VerificationKey[]> {
  const discovery = await fetchJson(discoveryUrl(trusted.issuer), signal);
  if (!Discovery.Check(discovery)) throw new Error("its discovery document has no issuer or jwks_uri");
  if (discovery.issuer !== trusted.issuer) {
    throw new Error(`its discovery document is that of ${JSON.stringify(discovery.issuer.slice(0, 200))}`);
  }
  const url = keysUrl(trusted, discovery.jwks_uri);
  if (url === null) {
    throw new Error(`its keys are at ${JSON.stringify(discovery.jwks_uri)}, which keyHosts does not allow`);
  }
  const jwks = await fetchJson(url, signal);
  if (!Jwks.Check(jwks)) throw new Error("its key set is malformed");
  const keys = jwks.keys.map(verificationKey).filter((key) => key !== null);
  if (keys.length === 0) throw new Error("its key set has no key that can verify");
  return keys;
}

/**
 * The key that the header names. A token without `kid` is accepted only if the issuer has exactly
 * one key, because otherwise the key would have to be guessed. Null when no key or several keys
 * match.
 */
export function pickKey(
  keys: readonly VerificationKey[],
  header: { readonly kid?: string | undefined; readonly alg: SignatureAlgorithm },
): VerificationKey | null {
  if (header.kid === undefined && keys.length > 1) return null;
  const fitting = keys.filter(
    ({ kid, algorithms }) => (header.kid === undefined || kid === header.kid) && algorithms.includes(header.alg),
  );
  return fitting.length === 1 ? (fitting[0] ?? null) : null;
}
