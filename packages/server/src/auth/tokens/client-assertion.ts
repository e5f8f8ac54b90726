import { decodeJwt, errors, type JWTHeaderParameters, type JWTPayload, jwtVerify } from "jose";
import { type SignatureAlgorithm, type VerificationKey, verificationKey } from "../verification-key.ts";

/** The one `client_assertion_type` there is (RFC 7523 section 2.2). */
export const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** What an application may sign its assertion with. */
export const ASSERTION_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"] as const satisfies SignatureAlgorithm[];

/** Longest time that an assertion may be good for, in milliseconds, and the difference of clocks that is allowed. */
const MAX_LIFETIME_MS = 3_600_000;
const SKEW_MS = 60_000;

/**
 * Longest stated life, from `iat` or `nbf` to `exp`, of an assertion that is good more than once.
 * MSAL keeps one assertion for ten minutes and sends it with every request until then, as Entra
 * allows. An attacker who can repeat it has read the token request, and the token in its answer
 * lasts longer.
 */
const REPEATABLE_LIFETIME_S = 600;

/** Longest assertion, in characters; with a whole certificate chain in its header it has under 8,000. */
export const MAX_ASSERTION_CHARS = 16_384;

export interface AssertionSubject {
  /** As it was sent; untrusted. */
  readonly assertion: string;
  /** `keys`: public JWKs registered for the application. With none, nothing it sends is good. */
  readonly application: { readonly clientId: string; readonly keys: readonly unknown[] };
  /** What may stand in `aud`: both URLs of the token endpoint, and the issuers. */
  readonly audiences: readonly string[];
  /** Unix milliseconds. */
  readonly nowMs: number;
  readonly replay: AssertionReplay;
}

/** `full`: this client has used more ids than are remembered and must be refused, because a repeated one would not be recognised. */
export type ReplayVerdict = "fresh" | "seen" | "full";

export interface AssertionReplay {
  /** Takes the id if it is `fresh`. `untilMs`: when it stops being good anyway. Unix milliseconds. */
  claim(clientId: string, id: string, untilMs: number, nowMs: number): Promise<ReplayVerdict>;
}

/** `proven`: the signature was good, so the reason may be told to whoever sent it; otherwise it would tell what is registered. */
export type AssertionVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly isProven: boolean; readonly reason: string };

const unproven = (reason: string): AssertionVerdict => ({ ok: false, isProven: false, reason });
const refused = (reason: string): AssertionVerdict => ({ ok: false, isProven: true, reason });

/**
 * Whether an assertion proves that its sender is the application (private_key_jwt: RFC 7523 section 3, OpenID Connect Core section 9). `kid`
 * and `x5t` only say which key to try first: clients fill them in each in their own way.
 */
export async function verifyClientAssertion(subject: AssertionSubject): Promise<AssertionVerdict> {
  const { assertion, application, audiences, nowMs, replay } = subject;
  if (assertion.length > MAX_ASSERTION_CHARS) return unproven("it is too long");
  const payload = await provenPayload(assertion, application.keys);
  if (payload === null) return unproven("no registered key has signed it");
  const { iss, sub, aud, exp, iat, nbf, jti } = payload;
  const isClient = (claim: string | undefined) => claim?.toLowerCase() === application.clientId;
  if (!isClient(iss) || !isClient(sub)) return refused("iss and sub must be the client_id");
  if (!isForUs(aud, audiences)) return refused("aud must be this token endpoint's URL and nothing else");
  if (exp === undefined) return refused("exp is missing");
  // A NumericDate may have a fraction (RFC 7519 section 2), and PostgreSQL takes none for a time.
  const expiresAtMs = Math.ceil(exp * 1000);
  if (expiresAtMs + SKEW_MS <= nowMs) return refused("it has expired");
  if (!(expiresAtMs <= nowMs + MAX_LIFETIME_MS + SKEW_MS)) return refused("exp is more than an hour ahead");
  if (nbf !== undefined && nbf * 1000 - SKEW_MS > nowMs) return refused("it is not valid yet");
  if (typeof jti !== "string" || jti === "") return refused("jti is missing");
  // MSAL rounds for `nbf` and rounds down for `iat`: the later one is a whole ten minutes before
  // `exp`.
  const beginsAtS = Math.max(iat ?? 0, nbf ?? 0);
  // An `iat` in the future would make a long life look short.
  const hasBegun = beginsAtS * 1000 - SKEW_MS <= nowMs;
  if (hasBegun && exp - beginsAtS <= REPEATABLE_LIFETIME_S) return { ok: true };
  // Last, so that an assertion refused for another reason does not use up its id.
  const verdict = await replay.claim(application.clientId, jti, expiresAtMs + SKEW_MS, nowMs);
  if (verdict === "seen") return refused("its jti was used before");
  return verdict === "full"
    ? refused("too many assertions in a short time: use a token for its whole life")
    : { ok: true };
}

/** The client that an assertion claims to be from: it chooses whose keys to check with, and is worth nothing before that. */
export function namedClient(assertion: string): string | undefined {
  try {
    const { sub } = assertion.length > MAX_ASSERTION_CHARS ? {} : decodeJwt(assertion);
    return typeof sub === "string" && sub !== "" ? sub : undefined;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}

async function provenPayload(assertion: string, jwks: readonly unknown[]): Promise<JWTPayload | null> {
  const keys = jwks.map(verificationKey).filter((key) => key !== null);
  const tried = new Set<VerificationKey>();
  // One round for each key that the header's algorithm and hints have not ruled out; an application has a handful of keys.
  while (tried.size < keys.length) {
    try {
      const { payload } = await jwtVerify(assertion, (header) => nextKey(keys, tried, header), {
        algorithms: [...ASSERTION_ALGORITHMS],
        // The times are compared afterwards, with the caller's clock.
        currentDate: new Date(0),
        clockTolerance: Number.MAX_SAFE_INTEGER,
      });
      return payload;
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) continue;
      if (error instanceof errors.JOSEError || error instanceof TypeError) return null;
      throw error;
    }
  }
  return null;
}

function nextKey(keys: readonly VerificationKey[], tried: Set<VerificationKey>, header: JWTHeaderParameters) {
  const left = keys.filter((key) => !tried.has(key) && key.algorithms.some((one) => one === header.alg));
  const isNamed = ({ kid, x5t }: VerificationKey) =>
    (kid !== undefined && kid === header.kid) || (x5t !== undefined && x5t === header.x5t);
  const next = left.find(isNamed) ?? left[0];
  if (next === undefined) throw new errors.JWKSNoMatchingKey();
  tried.add(next);
  return next.key;
}

/** One audience only: an assertion that is good elsewhere too could be repeated here by whoever got it there. Any letter case, as our paths. */
function isForUs(aud: string | string[] | undefined, audiences: readonly string[]): boolean {
  const [only, ...others] = [aud].flat();
  return only !== undefined && others.length === 0 && audiences.some((one) => one.toLowerCase() === only.toLowerCase());
}
