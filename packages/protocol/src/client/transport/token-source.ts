import { Check } from "typebox/value";
import { TokenErrorWire, TokenWire } from "../../api/index.ts";
import { abortable, sleep } from "../../time/index.ts";
import { TokenError, UnexpectedResponseError } from "../errors.ts";
import type { ClientClock } from "./clock.ts";
import { type Fetch, fetchOnce } from "./fetch-once.ts";
import { parseJson, readJson, readText } from "./read-response.ts";
import { createRetryBudget, type WaitNotice } from "./retry-policy.ts";

/**
 * The scope of the client's token requests. Defender for Endpoint has the same.
 *
 * @example
 * ```ts
 * const form = new URLSearchParams({ grant_type: "client_credentials", scope: API_SCOPE });
 * console.log(form.get("scope"));
 * ```
 */
export const API_SCOPE = "https://api.securitycenter.microsoft.com/.default";

/**
 * A registered application, and the URL of the endpoint that gives it tokens.
 *
 * @example
 * ```ts
 * const credentials: ApplicationCredentials = {
 *   tokenUrl: "https://halligan.example:8443/my-tenant/oauth2/v2.0/token",
 *   clientId: "my-client-id",
 *   clientSecret: await readFile("client-secret", "utf8"),
 * };
 * console.log(credentials.clientId);
 * ```
 */
export interface ApplicationCredentials {
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
}

/**
 * A source of tokens for a caller that has its own, such as a program with a signed-in user.
 *
 * @example
 * ```ts
 * const provider: TokenProvider = { accessToken: () => readFile("token", "utf8") };
 * const client = createClient({ baseUrl: "https://halligan.example:8443", credentials: provider });
 * console.log(await client.listMachines());
 * ```
 */
export interface TokenProvider {
  /** `renew`: true when the API has just refused the previous token. */
  accessToken(request: { renew: boolean; signal: AbortSignal | undefined }): Promise<string>;
}

export interface TokenSourceOptions {
  credentials: ApplicationCredentials;
  fetch: Fetch;
  clock: ClientClock;
  responseTimeoutMs: number;
  maxRetryWaitMs: number;
  onWait: (notice: WaitNotice) => void;
}

/**
 * A token is renewed this long before it expires, or a tenth of its lifetime before, whichever is
 * shorter.
 */
const RENEW_BEFORE_END_MS = 60_000;

/** The characters that a header can contain (RFC 6750 section 2.1 allows fewer). */
const TOKEN_TEXT = /^[!-~]+$/;

/**
 * A token request that several callers can wait for. It is aborted when the last one stops waiting.
 */
interface Underway {
  readonly token: Promise<HeldToken>;
  readonly stop: AbortController;
  waiters: number;
}

interface HeldToken {
  text: string;
  renewAtMs: number;
}

/**
 * Gets tokens of an application by the client-credentials grant (v2) and caches them until shortly
 * before they expire. Concurrent callers share one request. Throws TokenError, UnreachableError and
 * UnexpectedResponseError.
 */
export function createTokenSource(options: TokenSourceOptions): TokenProvider {
  let held: HeldToken | null = null;
  let underway: Underway | null = null;
  const begin = (): Underway => {
    const stop = new AbortController();
    return { token: requestToken(options, stop.signal), stop, waiters: 0 };
  };
  return {
    async accessToken({ renew, signal }) {
      if (renew) held = null;
      if (held !== null && options.clock.nowMs() < held.renewAtMs) return held.text;
      // Not bound to this caller's signal, because other callers may wait for the same response.
      underway ??= begin();
      const current = underway;
      current.waiters += 1;
      try {
        held = await abortable(current.token, signal);
        return held.text;
      } finally {
        current.waiters -= 1;
        if (current.waiters === 0) {
          current.stop.abort();
          if (underway === current) underway = null;
        }
      }
    },
  };
}

async function requestToken(options: TokenSourceOptions, signal: AbortSignal): Promise<HeldToken> {
  const { credentials, fetch, clock } = options;
  const budget = createRetryBudget(options.maxRetryWaitMs);
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: credentials.clientId,
    client_secret: credentials.clientSecret,
    scope: API_SCOPE,
  });
  for (;;) {
    const askedAtMs = clock.nowMs();
    const response = await fetchOnce(fetch, {
      url: credentials.tokenUrl,
      init: { method: "POST", body, headers: { accept: "application/json" } },
      what: "The token request",
      responseTimeoutMs: options.responseTimeoutMs,
      signal,
    });
    if (response.ok) return toHeldToken(await readJson(response, TokenWire, "The token request"), askedAtMs);
    const retryAfter = response.headers.get("retry-after");
    const error = await readTokenError(response);
    if (response.status === 429 || response.status === 503) {
      const waitMs = budget.next({ retryAfter, nowMs: clock.nowMs() });
      if (waitMs !== null) {
        const reason = response.status === 429 ? "throttled" : "unavailable";
        options.onWait({ reason, waitMs, message: error.message });
        await sleep(clock, waitMs, signal);
        continue;
      }
    }
    throw error;
  }
}

function toHeldToken(token: TokenWire, askedAtMs: number): HeldToken {
  const lifeMs = Number(token.expires_in) * 1_000;
  if (!Number.isFinite(lifeMs)) throw new UnexpectedResponseError("The token request was answered without a lifetime");
  if (!TOKEN_TEXT.test(token.access_token)) {
    throw new UnexpectedResponseError("The token request was answered with a token that no header can hold");
  }
  return { text: token.access_token, renewAtMs: askedAtMs + lifeMs - Math.min(RENEW_BEFORE_END_MS, lifeMs / 10) };
}

const MAX_ERROR_BYTES = 64 * 1024;

async function readTokenError(response: Response): Promise<TokenError> {
  const text = await readText(response, MAX_ERROR_BYTES, "The token request").catch(() => "");
  const body = parseJson(text);
  if (Check(TokenErrorWire, body)) {
    return new TokenError({ status: response.status, code: body.error, message: body.error_description || body.error });
  }
  return new TokenError({
    status: response.status,
    code: `HTTP_${response.status}`,
    message: `The token endpoint answered with status ${response.status} and without OAuth's error body`,
  });
}
