import { createHash } from "node:crypto";
import { decodeJwt, errors } from "jose";
import { lru } from "../../lru.ts";
import type { Caller } from "../caller.ts";
import type { OutsideIssuers } from "../oidc/outside-issuers.ts";
import { refuseToken, type TokenRefusal } from "../token-refusal.ts";
import type { IssuedUnder, VerifiedToken } from "../verified-token.ts";
import type { SigningKey } from "./signing-key.ts";
import { checkTokenSignature } from "./token-check.ts";

export interface TokenVerifierOptions {
  /** Keys that may have signed own tokens, by `kid`. Without keys every own token is refused. */
  readonly keys: readonly SigningKey[];
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  readonly tenant: string;
  /** Issuers in addition to this server. Default: none. */
  readonly outside?: Pick<OutsideIssuers, "knows" | "check">;
  /**
   * The present standing of an application of this server; undefined when it was removed. Read at
   * most once per `standingForMs` for one token, so a revocation on another node takes effect
   * within that time. A revocation on this node should call `revoke` and takes effect at once.
   */
  readonly standingOf?: (clientId: string) => Promise<ApplicationStanding | undefined>;
  /**
   * Whether an administrator has blocked this caller of an outside issuer. Read as often as the
   * standing.
   */
  readonly isBlocked?: (callerId: string) => Promise<boolean>;
  /** Milliseconds, default 1,000. */
  readonly standingForMs?: number;
  /**
   * How long the check of an outside issuer's token is reused, in milliseconds, default 300,000.
   * Together with the age of its keys (`oidc/issuer-keys.ts`) it bounds the time until a withdrawn
   * key is refused: ten minutes while the issuer answers.
   */
  readonly outsideForMs?: number;
  /**
   * How long the refusal of an outside issuer's token is remembered, in milliseconds, default
   * 5,000. Short, because its keys may still arrive.
   */
  readonly outsideBadForMs?: number;
  /** Allowed difference of clocks, in milliseconds; default 60,000. */
  readonly skewMs?: number;
  /**
   * Number of remembered tokens. Valid and refused tokens are counted separately, so that a flood
   * of bad ones displaces no valid one. Default 10,000.
   */
  readonly cacheSize?: number;
}

export interface TokenVerifier {
  /**
   * The caller that the token names, or the reason for its refusal. Never throws for the content of
   * a token.
   */
  verify(token: string, nowMs: number): Promise<Caller | TokenRefusal>;
  /** Reads the standing of the caller with this `id` again before any of its tokens is accepted. */
  revoke(callerId: string): void;
}

/** The facts that decide whether an application's tokens are valid. */
export interface ApplicationStanding {
  readonly tokenGeneration: number;
  readonly secretIds: readonly string[];
  /** Null when it has an account of its own. */
  readonly ownerId: string | null;
}

/** Own tokens with a longer lifetime are refused. This server issues them for an hour. */
const MAX_OWN_LIFETIME_MS = 24 * 3_600_000;
/**
 * The longest lifetime of access tokens that an issuer offers in its settings: Auth0's 30 days. A
 * token that never expires cannot be revoked.
 */
const MAX_OUTSIDE_LIFETIME_MS = 30 * 24 * 3_600_000;

/**
 * Longest token that is parsed, in characters. One of Entra with the maximum of 200 groups has
 * about 12,000.
 */
const MAX_TOKEN_CHARS = 16_384;

interface Good extends VerifiedToken {
  readonly isOutside: boolean;
  readonly checkedAtMs: number;
  /** The caller with the facts from its standing. */
  admitted: Caller;
  standingUntilMs: number;
}

interface Bad {
  readonly refusal: TokenRefusal;
  readonly isOutside: boolean;
  readonly checkedAtMs: number;
}

/** True within `forMs` after `checkedAtMs`. False if the clock was set back before it. */
const isFresh = ({ checkedAtMs }: { readonly checkedAtMs: number }, forMs: number, nowMs: number): boolean =>
  nowMs >= checkedAtMs && nowMs - checkedAtMs < forMs;

/**
 * Checks access tokens, of this server and of outside issuers: pinned algorithm and key, issuer,
 * audience, times, permissions. A signature check costs about 165 us once; later requests cost one
 * SHA-256. A refusal is remembered too, so that a client that repeats a bad token costs no more
 * than that (threat 3.10).
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const { outside, standingOf, isBlocked, standingForMs = 1_000, skewMs = 60_000, cacheSize = 10_000 } = options;
  const { outsideForMs = 300_000, outsideBadForMs = 5_000 } = options;
  const good = lru<string, Good>(cacheSize);
  const bad = lru<string, Bad>(cacheSize);

  const timeRefusal = (token: Good, nowMs: number): TokenRefusal | null => {
    if (nowMs + skewMs < token.notBeforeMs) return refuseToken("NotYetValid");
    if (nowMs - skewMs >= token.expiresAtMs) return refuseToken("Expired");
    const longestMs = token.isOutside ? MAX_OUTSIDE_LIFETIME_MS : MAX_OWN_LIFETIME_MS;
    return token.expiresAtMs <= nowMs + longestMs + skewMs ? null : refuseToken("TooLong");
  };

  // A clock that was set back must not extend the use of an old check.
  /** The caller with its present standing; null when its token was revoked. */
  const standing = async ({ caller, isOutside, issuedUnder }: Good): Promise<Caller | null> => {
    if (isOutside) return (await isBlocked?.(caller.id)) === true ? null : caller;
    if (standingOf === undefined) return caller;
    const found = await standingOf(caller.id);
    return found && isIssuedUnder(issuedUnder, found) ? withAccount(caller, found) : null;
  };

  let revocations = 0;
  const isFreshStanding = ({ standingUntilMs }: Good, nowMs: number): boolean =>
    nowMs < standingUntilMs && standingUntilMs - nowMs <= standingForMs;

  const admit = async (digest: string, token: Good, nowMs: number): Promise<Caller | TokenRefusal> => {
    const refused = timeRefusal(token, nowMs);
    if (refused !== null) {
      good.delete(digest);
      return refused;
    }
    if (!isFreshStanding(token, nowMs)) {
      const before = revocations;
      const admitted = await standing(token);
      if (admitted === null) {
        good.delete(digest);
        return refuseToken("Revoked");
      }
      token.admitted = admitted;
      // The result of this read may be older than a revocation that happened during it.
      token.standingUntilMs = before === revocations ? nowMs + standingForMs : 0;
    }
    good.set(digest, token);
    return token.admitted;
  };

  return {
    async verify(token, nowMs) {
      if (token.length > MAX_TOKEN_CHARS) return refuseToken("Malformed");
      const digest = createHash("sha256").update(token, "utf8").digest("base64");
      const known = good.get(digest);
      if (known !== undefined && (!known.isOutside || isFresh(known, outsideForMs, nowMs))) {
        return await admit(digest, known, nowMs);
      }
      const refused = bad.get(digest);
      if (refused !== undefined && (!refused.isOutside || isFresh(refused, outsideBadForMs, nowMs))) {
        return refused.refusal;
      }
      const iss = outside === undefined ? undefined : namedIssuer(token);
      const isOutside = outside !== undefined && iss !== undefined && outside.knows(iss);
      const checked = isOutside ? await outside.check(token, iss) : await checkTokenSignature(token, options);
      if (!checked.ok) {
        good.delete(digest);
        // For own tokens, only faults that do not change with time are remembered: signature,
        // issuer, audience, form.
        bad.set(digest, { refusal: checked.error, isOutside, checkedAtMs: nowMs });
        return checked.error;
      }
      bad.delete(digest);
      return await admit(
        digest,
        { ...checked.value, isOutside, checkedAtMs: nowMs, admitted: checked.value.caller, standingUntilMs: 0 },
        nowMs,
      );
    },
    revoke(callerId) {
      revocations += 1;
      for (const [digest, token] of [...good.entries()]) {
        if (token.caller.id === callerId) good.delete(digest);
      }
    },
  };
}

/** Generations are compared and not times, because the clocks of two nodes may differ. */
const isIssuedUnder = (issuedUnder: IssuedUnder | undefined, standing: ApplicationStanding): boolean =>
  issuedUnder !== undefined &&
  issuedUnder.generation === standing.tokenGeneration &&
  (issuedUnder.secretId === null || standing.secretIds.includes(issuedUnder.secretId));

const withAccount = (caller: Caller, { ownerId }: ApplicationStanding): Caller =>
  caller.kind === "application" && ownerId !== null ? { ...caller, accountId: ownerId } : caller;

/**
 * The `iss` that a token claims. It selects the issuer for the check, and means nothing before
 * that.
 */
function namedIssuer(token: string): string | undefined {
  try {
    const { iss } = decodeJwt(token);
    return typeof iss === "string" ? iss : undefined;
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) return undefined;
    throw error;
  }
}
