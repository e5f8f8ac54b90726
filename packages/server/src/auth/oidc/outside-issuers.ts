import { err, type Result } from "@halligan/protocol/errors";
import type { Logger } from "pino";
import { refuseToken, type TokenRefusal } from "../token-refusal.ts";
import type { VerifiedToken } from "../verified-token.ts";
import type { FetchJson } from "./fetch-json.ts";
import { IssuerKeys } from "./issuer-keys.ts";
import { checkOutsideToken } from "./outside-token.ts";
import { discoveryUrl, type TrustedIssuer } from "./trusted-issuer.ts";

/** The outside issuers whose tokens are accepted. Disposing aborts running fetches. */
export interface OutsideIssuers extends Disposable {
  /** Whether a token with this `iss` is for {@link OutsideIssuers.check}. */
  knows(iss: string): boolean;
  check(token: string, iss: string): Promise<Result<VerifiedToken, TokenRefusal>>;
}

export interface OutsideIssuersPorts {
  readonly fetchJson: FetchJson;
  readonly clock: { monotonicMs(): number };
  readonly log: Pick<Logger, "info" | "warn">;
}

/**
 * No issuer is contacted before its first token arrives, because an unreachable issuer must not
 * keep the server from starting. `own`: the issuers of this server's own tokens, which no outside
 * issuer may have. Throws for a contradictory list.
 */
export function createOutsideIssuers(
  trusted: readonly TrustedIssuer[],
  own: readonly string[],
  { fetchJson, clock, log }: OutsideIssuersPorts,
): OutsideIssuers {
  const stop = new AbortController();
  const ports = { fetchJson, log, signal: stop.signal, monotonicMs: () => clock.monotonicMs() };
  const byIssuer = new Map<string, { readonly trusted: TrustedIssuer; readonly keys: IssuerKeys }>();
  for (const one of trusted) {
    discoveryUrl(one.issuer);
    if (own.includes(one.issuer)) throw new Error(`the outside issuer ${one.issuer} is this server itself`);
    if (byIssuer.has(one.issuer)) throw new Error(`the outside issuer ${one.issuer} is there twice`);
    byIssuer.set(one.issuer, { trusted: one, keys: new IssuerKeys(one, ports) });
  }
  return {
    knows: (iss) => byIssuer.has(iss),
    async check(token, iss) {
      const known = byIssuer.get(iss);
      return known === undefined
        ? err(refuseToken("WrongIssuer"))
        : await checkOutsideToken(token, known.trusted, known.keys);
    },
    [Symbol.dispose]: () => stop.abort(),
  };
}
