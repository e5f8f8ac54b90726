import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { CompactSign } from "jose";
import { pino } from "pino";
import { createOutsideIssuers } from "../../../src/auth/oidc/outside-issuers.ts";
import type { TrustedIssuer } from "../../../src/auth/oidc/trusted-issuer.ts";
import { createTokenVerifier, type TokenVerifierOptions } from "../../../src/auth/tokens/token-verifier.ts";

export const ISSUER = "https://id.example/t1";
export const AUDIENCE = "https://halligan.example";
export const NOW = Date.UTC(2026, 10, 2);

export const TRUSTED: TrustedIssuer = {
  issuer: ISSUER,
  audiences: [AUDIENCE],
  algorithms: ["RS256", "ES256"],
  keyHosts: [],
  claims: { userName: ["upn", "preferred_username", "email"], groups: "groups", scopes: "scp", roles: "roles" },
  userNameDomains: "any",
  allowApplications: true,
  allowUsers: true,
};

export interface TestKey {
  readonly kid: string;
  readonly alg: "RS256" | "ES256" | "EdDSA";
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: Record<string, unknown>;
}

export function newKey(alg: TestKey["alg"], kid: string): TestKey {
  const pair =
    alg === "RS256"
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : alg === "ES256"
        ? generateKeyPairSync("ec", { namedCurve: "P-256" })
        : generateKeyPairSync("ed25519");
  return { kid, alg, ...pair, jwk: { ...pair.publicKey.export({ format: "jwk" }), kid, use: "sig" } };
}

const nowS = Math.floor(NOW / 1000);
/**
 * The content of a token. Any value is possible, so that a test can write what no library would.
 */
export type Claims = Readonly<Record<string, unknown>>;

/** Valid in every respect. A test changes one value; `undefined` removes a claim. */
const GOOD: Claims = { iss: ISSUER, aud: AUDIENCE, iat: nowS, nbf: nowS, exp: nowS + 3600 };
export const USER: Claims = {
  ...GOOD,
  sub: "alice-sub",
  upn: "alice@example.org",
  scp: "Machine.Read Machine.LiveResponse openid",
  groups: ["soc", "it"],
};
export const APPLICATION: Claims = {
  ...GOOD,
  sub: "soar",
  client_id: "soar",
  roles: ["Machine.Read.All", "Other"],
};

/** Signs any content; members that are `undefined` are left out. */
export const sign = (key: TestKey, payload: Claims, header: Claims = {}): Promise<string> =>
  new CompactSign(Buffer.from(JSON.stringify(payload)))
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: "JWT", ...header })
    .sign(key.privateKey);

/**
 * An issuer that consists of two documents, and a verifier that trusts it. `asked` records the
 * requests.
 */
export function world(
  keys: readonly TestKey[],
  trusted: Partial<TrustedIssuer> = {},
  more: Partial<TokenVerifierOptions> = {},
) {
  const asked: string[] = [];
  const state = {
    asked,
    atMs: 0,
    logged: [] as string[],
    /** Thrown instead of a response. */
    down: null as Error | null,
    discovery: { issuer: ISSUER, jwks_uri: `${ISSUER}/keys` } as unknown,
    jwks: { keys: keys.map(({ jwk }) => jwk) } as unknown,
  };
  const log = pino({ level: "warn" }, { write: (line: string) => void state.logged.push(line) });
  const outside = createOutsideIssuers([{ ...TRUSTED, ...trusted }], [], {
    clock: { monotonicMs: () => state.atMs },
    log,
    async fetchJson(url) {
      asked.push(url.href);
      if (state.down !== null) throw state.down;
      return url.href.endsWith("/openid-configuration") ? state.discovery : state.jwks;
    },
  });
  const own = { keys: [], issuers: [], audiences: [], tenant: "t" };
  const verifier = createTokenVerifier({ ...own, ...more, outside });
  /** The caller's id, or the reason of the refusal. */
  const outcome = async (token: string, nowMs = NOW): Promise<string> => {
    const answer = await verifier.verify(token, nowMs);
    return answer.kind === "refused" ? answer.reason : answer.id;
  };
  return { ...state, state, outside, verifier, outcome };
}
