import { err, ok, type Result } from "@halligan/protocol/errors";
import { decodeJwt, errors, type JWTHeaderParameters, type JWTPayload, jwtVerify } from "jose";
import { type SignatureAlgorithm, type VerificationKey, verificationKey } from "../verification-key.ts";

/** The only `client_assertion_type` (RFC 7523 section 2.2). */
export const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** Algorithms with which an application may sign its assertion. */
export const ASSERTION_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"] as const satisfies SignatureAlgorithm[];

/** Longest validity of an assertion, and the allowed difference of clocks, in milliseconds. */
const MAX_LIFETIME_MS = 3_600_000;
const SKEW_MS = 60_000;

/**
 * Longest stated lifetime, from `iat` or `nbf` to `exp`, of an assertion that may be used more than
 * once. MSAL keeps one assertion for ten minutes and sends it with every request, as Entra allows.
 * An attacker who can repeat it has read the token request, and the token in its response is valid
 * for longer.
 */
const REPEATABLE_LIFETIME_S = 600;

/**
 * Longest assertion, in characters. With a whole certificate chain in its header it has under
 * 8,000.
 */
export const MAX_ASSERTION_CHARS = 16_384;

export interface AssertionSubject {
  /** As it was sent; not verified. */
  readonly assertion: string;
  /**
   * `keys`: public JWKs registered for the application. Without keys every assertion is refused.
   */
  readonly application: { readonly clientId: string; readonly keys: readonly unknown[] };
  /** Accepted values of `aud`: both URLs of the token endpoint, and the issuers. */
  readonly audiences: readonly string[];
  /** Unix milliseconds. */
  readonly nowMs: number;
  readonly replay: AssertionReplay;
}

/**
 * `full`: this client has used more ids than are remembered. The assertion must be refused, because
 * a repeated one would not be recognised.
 */
export type ReplayVerdict = "fresh" | "seen" | "full";

export interface AssertionReplay {
  /** Takes the id if it is `fresh`. `untilMs`: when the assertion expires. Unix milliseconds. */
  claim(clientId: string, id: string, untilMs: number, nowMs: number): Promise<ReplayVerdict>;
}

/**
 * `isProven`: the signature was valid, so the reason may be sent to the client. Otherwise it would
 * reveal what is registered.
 */
export interface AssertionRefusal {
  readonly isProven: boolean;
  readonly reason: string;
}

const PROVEN: Result<null, AssertionRefusal> = ok(null);
const unproven = (reason: string): Result<null, AssertionRefusal> => err({ isProven: false, reason });
const refused = (reason: string): Result<null, AssertionRefusal> => err({ isProven: true, reason });

/**
 * Whether an assertion proves that its sender is the application (private_key_jwt: RFC 7523 section
 * 3, OpenID Connect Core section 9). `kid` and `x5t` only select the key to try first, because
 * clients fill them in differently.
 */
export async function verifyClientAssertion(subject: AssertionSubject): Promise<Result<null, AssertionRefusal>> {
  const { assertion, application, audiences, nowMs, replay } = subject;
  if (assertion.length > MAX_ASSERTION_CHARS) return unproven("it is too long");
  const payload = await provenPayload(assertion, application.keys);
  if (payload === null) return unproven("no registered key has signed it");
  const { iss, sub, aud, exp, iat, nbf, jti } = payload;
  const isClient = (claim: string | undefined) => claim?.toLowerCase() === application.clientId;
  if (!isClient(iss) || !isClient(sub)) return refused("iss and sub must be the client_id");
  if (!isForUs(aud, audiences)) return refused("aud must be this token endpoint's URL and nothing else");
  if (exp === undefined) return refused("exp is missing");
  // A NumericDate may have a fraction (RFC 7519 section 2), which PostgreSQL refuses in a time.
  const expiresAtMs = Math.ceil(exp * 1000);
  if (expiresAtMs + SKEW_MS <= nowMs) return refused("it has expired");
  if (!(expiresAtMs <= nowMs + MAX_LIFETIME_MS + SKEW_MS)) return refused("exp is more than an hour ahead");
  if (nbf !== undefined && nbf * 1000 - SKEW_MS > nowMs) return refused("it is not valid yet");
  if (typeof jti !== "string" || jti === "") return refused("jti is missing");
  // MSAL rounds `nbf` and rounds `iat` down. The later of the two is a whole ten minutes before
  // `exp`.
  const beginsAtS = Math.max(iat ?? 0, nbf ?? 0);
  // An `iat` in the future would make a long lifetime look short.
  const hasBegun = beginsAtS * 1000 - SKEW_MS <= nowMs;
  if (hasBegun && exp - beginsAtS <= REPEATABLE_LIFETIME_S) return PROVEN;
  // Checked last, so that an assertion that is refused for another reason does not use up its id.
  const verdict = await replay.claim(application.clientId, jti, expiresAtMs + SKEW_MS, nowMs);
  if (verdict === "seen") return refused("its jti was used before");
  return verdict === "full" ? refused("too many assertions in a short time: use a token for its whole life") : PROVEN;
}

/**
 * The client that an assertion claims to be from. It selects the keys for the check, and means
 * nothing before that.
 */
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
  // One attempt for each key that the header's algorithm and hints have not excluded. An
  // application has a handful of keys.
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

/**
 * Exactly one audience: the recipient of an assertion that is also valid elsewhere could repeat it
 * here. Any letter case, like the paths of this server.
 */
function isForUs(aud: string | string[] | undefined, audiences: readonly string[]): boolean {
  const [only, ...others] = [aud].flat();
  return only !== undefined && others.length === 0 && audiences.some((one) => one.toLowerCase() === only.toLowerCase());
}
