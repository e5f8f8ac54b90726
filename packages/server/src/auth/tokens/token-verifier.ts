import { createHash } from "node:crypto";
import { decodeJwt, errors } from "jose";
import { BoundedMap } from "../bounded-map.ts";
import type { Caller } from "../caller.ts";
import type { OutsideIssuers } from "../oidc/outside-issuers.ts";
import { fault, isFault, type TokenFault } from "../token-fault.ts";
import type { IssuedUnder, VerifiedToken } from "../verified-token.ts";
import type { SigningKey } from "./signing-key.ts";
import { checkTokenSignature } from "./token-check.ts";

export interface TokenVerifierOptions {
  /** Keys that may have signed our own tokens, by `kid`. With none, every one of them is refused. */
  readonly keys: readonly SigningKey[];
  readonly issuers: readonly string[];
  readonly audiences: readonly string[];
  readonly tenant: string;
  /** Issuers beside our own. Without it nobody else is trusted. */
  readonly outside?: Pick<OutsideIssuers, "knows" | "check">;
  /**
   * What counts of our application now; undefined when it was removed. Asked at most once in `standingForMs` for one token, so what
   * was taken back elsewhere is refused within that time; what was taken back here should call `revoke` and is refused at once.
   */
  readonly standingOf?: (clientId: string) => Promise<ApplicationStanding | undefined>;
  /** Whether an administrator has blocked this caller of an outside issuer. Asked as often. */
  readonly isBlocked?: (callerId: string) => Promise<boolean>;
  /** Milliseconds, default 1,000. */
  readonly standingForMs?: number;
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
  /** Looks at the standing of the caller, by its `id`, before any of its tokens is taken again. */
  revoke(callerId: string): void;
}

/** What decides whether tokens of an application of ours count. */
export interface ApplicationStanding {
  readonly tokenGeneration: number;
  readonly secretIds: readonly string[];
  /** Null when it stands for itself. */
  readonly ownerId: string | null;
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
  /** The caller with what its standing says. */
  admitted: Caller;
  standingUntilMs: number;
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
  const { outside, standingOf, isBlocked, standingForMs = 1_000, skewMs = 60_000, cacheSize = 10_000 } = options;
  const { outsideForMs = 300_000, outsideBadForMs = 5_000 } = options;
  const good = new BoundedMap<string, Good>(cacheSize);
  const bad = new BoundedMap<string, Bad>(cacheSize);

  const timeFault = (token: Good, nowMs: number): TokenFault | null => {
    if (nowMs + skewMs < token.notBeforeMs) return fault("NotYetValid");
    if (nowMs - skewMs >= token.expiresAtMs) return fault("Expired");
    const longestMs = token.isOutside ? MAX_OUTSIDE_LIFETIME_MS : MAX_OWN_LIFETIME_MS;
    return token.expiresAtMs <= nowMs + longestMs + skewMs ? null : fault("TooLong");
  };

  // A clock that was set back must not keep an old look for longer.
  /** The caller as it counts now; null when its token was taken back. */
  const standing = async ({ caller, isOutside, issuedUnder }: Good): Promise<Caller | null> => {
    if (isOutside) return (await isBlocked?.(caller.id)) === true ? null : caller;
    if (standingOf === undefined) return caller;
    const found = await standingOf(caller.id);
    return found && isIssuedUnder(issuedUnder, found) ? withAccount(caller, found) : null;
  };

  let revocations = 0;
  const isFreshStanding = ({ standingUntilMs }: Good, nowMs: number): boolean =>
    nowMs < standingUntilMs && standingUntilMs - nowMs <= standingForMs;

  const admit = async (digest: string, token: Good, nowMs: number): Promise<Caller | TokenFault> => {
    const refused = timeFault(token, nowMs);
    if (refused !== null) {
      good.delete(digest);
      return refused;
    }
    if (!isFreshStanding(token, nowMs)) {
      const before = revocations;
      const admitted = await standing(token);
      if (admitted === null) {
        good.delete(digest);
        return fault("Revoked");
      }
      token.admitted = admitted;
      // What was revoked while the store was read may not be in what was read.
      token.standingUntilMs = before === revocations ? nowMs + standingForMs : 0;
    }
    good.set(digest, token);
    return token.admitted;
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
      return await admit(
        digest,
        { ...checked, isOutside, checkedAtMs: nowMs, admitted: checked.caller, standingUntilMs: 0 },
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

/** Generations are compared and not times: the clocks of two nodes may differ. */
const isIssuedUnder = (issuedUnder: IssuedUnder | undefined, standing: ApplicationStanding): boolean =>
  issuedUnder !== undefined &&
  issuedUnder.generation === standing.tokenGeneration &&
  (issuedUnder.secretId === null || standing.secretIds.includes(issuedUnder.secretId));

const withAccount = (caller: Caller, { ownerId }: ApplicationStanding): Caller =>
  caller.kind === "application" && ownerId !== null ? { ...caller, accountId: ownerId } : caller;

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
