import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

type Claims = Readonly<Record<string, unknown>>;

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

function decode(token: string, part: 0 | 1): Claims {
  const value: unknown = JSON.parse(Buffer.from(token.split(".")[part] ?? "", "base64url").toString("utf8"));
  return { ...Object(value) };
}

/** A token from nothing, signed with an Ed25519 key. */
export function signed(key: KeyObject, header: Claims, claims: Claims): string {
  const text = `${encode({ alg: "EdDSA", ...header })}.${encode(claims)}`;
  return `${text}.${sign(null, Buffer.from(text), key).toString("base64url")}`;
}

export interface Forgery {
  /** Put in place of those of the good token; undefined leaves one out. */
  readonly claims?: Claims;
  readonly header?: Claims;
  /** Signs with it instead of the server's key. */
  readonly key?: KeyObject;
}

/** A valid token with other claims and a new signature. The server's key is Ed25519. */
export function forge(good: string, key: KeyObject, { claims, header, key: otherKey }: Forgery): string {
  const text = `${encode({ ...decode(good, 0), ...header })}.${encode({ ...decode(good, 1), ...claims })}`;
  return `${text}.${sign(null, Buffer.from(text), otherKey ?? key).toString("base64url")}`;
}

/** Tokens that a server must not take, by what is wrong with them. `nowS`: Unix seconds. */
export function badTokens(good: string, key: KeyObject, nowS: number): readonly (readonly [string, string])[] {
  const forged = (forgery: Forgery) => forge(good, key, forgery);
  const claims = decode(good, 1);
  const [head = "", body = "", signature = ""] = good.split(".");
  const hour = 3_600;
  const publicPem = createPublicKey(key).export({ type: "spki", format: "pem" });
  const hmacText = `${encode({ ...decode(good, 0), alg: "HS256" })}.${body}`;
  const otherTenant = "00000000-0000-4000-8000-000000000000";
  return [
    ["garbage", "garbage"],
    ["three parts of garbage", "a.b.c"],
    ["a cut token", good.slice(0, -10)],
    ["expired", forged({ claims: { iat: nowS - 3 * hour, nbf: nowS - 3 * hour, exp: nowS - 2 * hour } })],
    ["not yet valid", forged({ claims: { iat: nowS + hour, nbf: nowS + hour, exp: nowS + 2 * hour } })],
    ["no end of its life", forged({ claims: { exp: undefined } })],
    ["another audience", forged({ claims: { aud: "https://graph.microsoft.com" } })],
    ["no audience", forged({ claims: { aud: undefined } })],
    ["another issuer", forged({ claims: { iss: "https://sts.windows.net/elsewhere/" } })],
    [
      "another tenant",
      forged({ claims: { tid: otherTenant, iss: String(claims.iss).replace(String(claims.tid), otherTenant) } }),
    ],
    ["another tenant in tid alone", forged({ claims: { tid: otherTenant } })],
    ["roles that are no list", forged({ claims: { roles: "Machine.LiveResponse" } })],
    ["the key of another issuer", forged({ key: generateKeyPairSync("ed25519").privateKey })],
    [
      "an altered body under the old signature",
      `${head}.${encode({ ...claims, app_displayname: "other" })}.${signature}`,
    ],
    ["an unknown kid", forged({ header: { kid: "unknown" } })],
    ["alg none", `${encode({ alg: "none", typ: "JWT" })}.${body}.`],
    ["alg none with the old signature", `${encode({ ...decode(good, 0), alg: "none" })}.${body}.${signature}`],
    ["HMAC with the public key", `${hmacText}.${createHmac("sha256", publicPem).update(hmacText).digest("base64url")}`],
  ];
}
