import { createHash } from "node:crypto";
import { decodeJwt, errors } from "jose";
import { BoundedMap } from "./bounded-map.ts";
import type { Caller } from "./caller.ts";
import type { OutsideIssuers } from "./oidc/outside-issuers.ts";
import type { SigningKey } from "./signing-key.ts";
import { checkTokenSignature } from "./token-check.ts";
import { fault, isFault, type TokenFault } from "./token-fault.ts";
import type { VerifiedToken } from "./verified-token.ts";

export interface TokenVerifierOptions {
  /** Keys that may have signed our own tokens, by `kid`. With none, every one of them is refused. */
  readonly keys: readonly SigningKey[];
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  readonly tenant: string;
  /** Issuers beside our own. Without it nobody else is trusted. */
  readonly outside?: Pick<OutsideIssuers, "knows" | "check">;
  /**
   * Whether our application is still there. Asked at most once in `activeForMs` for one token, so a deletion made elsewhere takes
   * effect within that time; one made here should call `revoke` and takes effect at once.
   */
  readonly isActive?: (clientId: string) => boolean | Promise<boolean>;
  /** Milliseconds, default 5,000. */
  readonly activeForMs?: number;
  /**
   * How long a token of an outside issuer is taken as checked, in milliseconds, default 300,000: with the age that its keys may have
   * (`oidc/issuer-keys.ts`) that bounds the time in which a withdrawn key stops counting, to ten minutes while the issuer answers.
   */
  readonly outsideForMs?: number;
  /** How long the refusal of an outside issuer's token is remembered, in milliseconds, default 5,000: its keys may come yet. */
  readonly outsideBadForMs?: number;
  /** Difference of clocks that is allowed, in milliseconds; default 60,000. */
  readonly skewMs?: number;
  /** Tokens remembered: good ones and bad ones each, apart, so that a flood of bad ones pushes out no good one. Default 10,000. */
  readonly cacheSize?: number;
}

export interface TokenVerifier {
  /** The caller that the token names, or why it is refused. Never throws for anything a client sent. */
  verify(token: string, nowMs: number): Promise<Caller | TokenFault>;
  /** Refuses every token of the caller, by its `id`, that was issued up to now. */
  revoke(callerId: string, nowMs: number): void;
}

/** Ours are good for an hour. */
const MAX_OWN_LIFETIME_MS = 24 * 3_600_000;
/** The longest life that an issuer's settings offer for access tokens: Auth0's 30 days. A token that never ends cannot be taken back. */
const MAX_OUTSIDE_LIFETIME_MS = 30 * 24 * 3_600_000;

/** Longest token that is looked at, in characters: one of Entra with the 200 groups that it writes at most has about 12,000. */
const MAX_TOKEN_CHARS = 16_384;

interface Good extends VerifiedToken {
  readonly isOutside: boolean;
  readonly checkedAtMs: number;
  activeUntilMs: number;
}

interface Bad {
  readonly fault: TokenFault;
  readonly isOutside: boolean;
  readonly checkedAtMs: number;
}

/** Within `forMs` after `checkedAtMs`; not when the clock was set back behind it. */
const isFresh = ({ checkedAtMs }: { readonly checkedAtMs: number }, forMs: number, nowMs: number): boolean =>
  nowMs >= checkedAtMs && nowMs - checkedAtMs < forMs;

/**
 * Checks access tokens, our own and those of outside issuers: pinned algorithm and key, issuer, audience, times, permissions. A
 * signature costs about 165 us once, later requests one SHA-256; a refusal is remembered too, so that a client repeating a bad token
 * costs no more than that (threat 3.10).
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { outside, isActive, activeForMs = 5_000, skewMs = 60_000, cacheSize = 10_000 } = options;
  const { outsideForMs = 300_000, outsideBadForMs = 5_000 } = options;
  const good = new BoundedMap<string, Good>(cacheSize);
  const bad = new BoundedMap<string, Bad>(cacheSize);
  const revokedAtMs = new BoundedMap<string, number>(cacheSize);

  const timeFault = (token: Good, nowMs: number): TokenFault | null => {
    if (nowMs + skewMs < token.notBeforeMs) return fault("NotYetValid");
    if (nowMs - skewMs >= token.expiresAtMs) return fault("Expired");
    const longestMs = token.isOutside ? MAX_OUTSIDE_LIFETIME_MS : MAX_OWN_LIFETIME_MS;
    if (!(token.expiresAtMs <= nowMs + longestMs + skewMs)) return fault("TooLong");
    const revoked = revokedAtMs.get(token.caller.id);
    return revoked !== undefined && token.issuedAtMs <= revoked ? fault("Revoked") : null;
  };

  const admit = async (digest: string, token: Good, nowMs: number): Promise<Caller | TokenFault> => {
    const refused = timeFault(token, nowMs);
    if (refused !== null) {
      good.delete(digest);
      return refused;
    }
    if (isActive !== undefined && !token.isOutside && nowMs >= token.activeUntilMs) {
      if (!(await isActive(token.caller.id))) {
        good.delete(digest);
        return fault("Revoked");
      }
      token.activeUntilMs = nowMs + activeForMs;
    }
    good.set(digest, token);
    return token.caller;
  };

  return {
    async verify(token, nowMs) {
      if (token.length > MAX_TOKEN_CHARS) return fault("Malformed");
      const digest = createHash("sha256").update(token, "utf8").digest("base64");
      const known = good.get(digest);
      if (known !== undefined && (!known.isOutside || isFresh(known, outsideForMs, nowMs))) {
        return await admit(digest, known, nowMs);
      }
      const refused = bad.get(digest);
      if (refused !== undefined && (!refused.isOutside || isFresh(refused, outsideBadForMs, nowMs))) {
        return refused.fault;
      }
      const iss = outside === undefined ? undefined : namedIssuer(token);
      const isOutside = outside !== undefined && iss !== undefined && outside.knows(iss);
      const checked = isOutside ? await outside.check(token, iss) : await checkTokenSignature(token, options);
      if (isFault(checked)) {
        good.delete(digest);
        // Of our own, only what no passing of time can mend gets here: signature, issuer, audience, form.
        bad.set(digest, { fault: checked, isOutside, checkedAtMs: nowMs });
        return checked;
      }
      bad.delete(digest);
      return await admit(digest, { ...checked, isOutside, checkedAtMs: nowMs, activeUntilMs: 0 }, nowMs);
    },
    revoke(callerId, nowMs) {
      revokedAtMs.set(callerId, nowMs);
      for (const [digest, token] of [...good.entries()]) {
        if (token.caller.id === callerId) good.delete(digest);
      }
    },
  };
}

/** The `iss` that a token claims: it chooses the issuer to check with, and is worth nothing before that. */
function namedIssuer(token: string): string | undefined {
  try {
    const { iss } = decodeJwt(token);
    return typeof iss === "string" ? iss : undefined;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}
