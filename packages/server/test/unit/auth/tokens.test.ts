import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { test } from "node:test";
import { decodeJwt, SignJWT } from "jose";
import { issueAccessToken, issuers, TOKEN_LIFETIME_S } from "../../../src/auth/tokens/access-token.ts";
import { loadSigningKey } from "../../../src/auth/tokens/signing-key.ts";
import { createTokenVerifier, type TokenVerifierOptions } from "../../../src/auth/tokens/token-verifier.ts";

const NOW = Date.UTC(2026, 0, 2);
const TENANT = "11111111-1111-1111-1111-111111111111";
const AUDIENCE = "https://api.securitycenter.microsoft.com";
const { v1: ISSUER } = issuers("https://h", TENANT);
const pemOf = (key: KeyObject) => key.export({ type: "pkcs8", format: "pem" }).toString();
const key = await loadSigningKey(pemOf(generateKeyPairSync("ed25519").privateKey));
const elliptic = await loadSigningKey(pemOf(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey));

const application = { clientId: "c1", name: "Playbook", roles: ["Machine.Read.All", "Unknown.Role"] };
const subject = {
  application,
  audience: AUDIENCE,
  version: "v1",
  issuer: ISSUER,
  tenant: TENANT,
  key,
  nowMs: NOW,
  tokenId: "1",
} as const;
const expected: TokenVerifierOptions = {
  keys: [key, elliptic],
  issuers: [ISSUER],
  audiences: [AUDIENCE],
  tenant: TENANT,
};

const reasonOf = async (token: string, nowMs = NOW, options: Partial<TokenVerifierOptions> = {}) => {
  const answer = await createTokenVerifier({ ...expected, ...options }).verify(token, nowMs);
  return answer.kind === "refused" ? answer.reason : answer.name;
};

test("a token has the claims that Entra's have", async () => {
  const { iat, ...claims } = decodeJwt(await issueAccessToken({ ...subject, version: "v2" }));
  assert.equal(iat, NOW / 1000);
  assert.deepEqual(claims, {
    iss: ISSUER,
    aud: AUDIENCE,
    tid: TENANT,
    appid: "c1",
    azp: "c1",
    app_displayname: "Playbook",
    roles: application.roles,
    oid: "c1",
    sub: "c1",
    uti: "1",
    ver: "2.0",
    gen: 0,
    nbf: NOW / 1000,
    exp: NOW / 1000 + TOKEN_LIFETIME_S,
  });
});

test("a token of either kind of key names its caller, with the permissions that exist", async () => {
  for (const one of [key, elliptic]) {
    const caller = await createTokenVerifier(expected).verify(await issueAccessToken({ ...subject, key: one }), NOW);
    assert.deepEqual(caller, {
      kind: "application",
      id: "c1",
      clientId: "c1",
      name: "Playbook",
      roles: new Set(["Machine.Read.All"]),
    });
  }
});

test("a token is good from its beginning to its end, with a minute for clocks that differ", async () => {
  const token = await issueAccessToken(subject);
  const end = NOW + TOKEN_LIFETIME_S * 1000;
  assert.equal(await reasonOf(token, NOW - 60_000), "Playbook");
  assert.equal(await reasonOf(token, NOW - 60_001), "NotYetValid");
  assert.equal(await reasonOf(token, end + 59_999), "Playbook");
  assert.equal(await reasonOf(token, end + 60_000), "Expired");
  const verifier = createTokenVerifier(expected);
  await verifier.verify(token, NOW);
  assert.equal((await verifier.verify(token, end + 60_000)).kind, "refused", "also when it is remembered");
});

test("a token for another audience, from another issuer, or with another signature is refused", async () => {
  const other = await loadSigningKey(pemOf(generateKeyPairSync("ed25519").privateKey));
  const token = await issueAccessToken(subject);
  const [head = "", body = "", signature = ""] = token.split(".");
  const header = (fields: object) => Buffer.from(JSON.stringify(fields)).toString("base64url");
  assert.equal(await reasonOf(await issueAccessToken({ ...subject, audience: "https://other" })), "WrongAudience");
  assert.equal(await reasonOf(await issueAccessToken({ ...subject, issuer: "https://other" })), "WrongIssuer");
  assert.equal(await reasonOf(await issueAccessToken({ ...subject, tenant: "other" })), "WrongIssuer");
  assert.equal(await reasonOf(await issueAccessToken({ ...subject, key: other })), "UnknownKey");
  assert.equal(await reasonOf(await issueAccessToken({ ...subject, key: { ...other, kid: key.kid } })), "BadSignature");
  assert.equal(await reasonOf(`${header({ alg: "none", typ: "JWT", kid: key.kid })}.${body}.`), "Malformed");
  const secret = Buffer.from(key.publicKey.export({ type: "spki", format: "pem" }));
  const swapped = new SignJWT(decodeJwt(token)).setProtectedHeader({ alg: "HS256", typ: "JWT", kid: key.kid });
  assert.equal(await reasonOf(await swapped.sign(secret)), "Malformed");
  for (const text of ["", "x", "..", `${head}.${body}`, `${head}.e30.${signature}`, "x".repeat(20_000)]) {
    assert.match(await reasonOf(text), /Malformed|BadSignature/, text.slice(0, 20));
  }
});

test("with nothing configured every token is refused", async () => {
  const token = await issueAccessToken(subject);
  for (const empty of [{ keys: [] }, { issuers: [] }, { audiences: [] }])
    assert.equal(await reasonOf(token, NOW, empty), "UnknownKey");
});

test("a revoked application's tokens are refused at once, later ones are good", async () => {
  let tokenGeneration = 0;
  const standingOf = async () => ({ tokenGeneration, secretIds: [], ownerId: null });
  const verifier = createTokenVerifier({ ...expected, standingOf });
  const token = await issueAccessToken(subject);
  assert.notEqual((await verifier.verify(token, NOW)).kind, "refused");
  tokenGeneration = 1;
  verifier.revoke("c1");
  assert.equal((await verifier.verify(token, NOW)).kind, "refused");
  const later = await issueAccessToken({ ...subject, application: { ...application, tokenGeneration } });
  assert.notEqual((await verifier.verify(later, NOW)).kind, "refused");
});

test("what is revoked while the store is read is looked at again before the token's next use", async () => {
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  let tokenGeneration = 0;
  const standingOf = async () => {
    const read = { tokenGeneration, secretIds: [], ownerId: null };
    await answered;
    return read;
  };
  const verifier = createTokenVerifier({ ...expected, standingOf });
  const token = await issueAccessToken(subject);
  const first = verifier.verify(token, NOW);
  await Promise.resolve();
  tokenGeneration = 1;
  verifier.revoke("c1");
  answer();
  await first;
  assert.equal((await verifier.verify(token, NOW)).kind, "refused");
});

test("a token ends with the secret that it was asked for with", async () => {
  const secret = { id: "s1", expiresAtMs: NOW + 600_000 };
  let secretIds = ["s1", "s2"];
  const standingOf = async () => ({ tokenGeneration: 0, secretIds, ownerId: null });
  const verifier = createTokenVerifier({ ...expected, standingOf });
  const [one, other] = await Promise.all(
    [secret, { id: "s2", expiresAtMs: null }].map((by) => issueAccessToken({ ...subject, secret: by })),
  );
  assert.equal(decodeJwt(one ?? "").exp, (NOW + 600_000) / 1000);
  assert.notEqual((await verifier.verify(one ?? "", NOW)).kind, "refused");
  secretIds = ["s2"];
  verifier.revoke("c1");
  assert.equal((await verifier.verify(one ?? "", NOW)).kind, "refused");
  assert.notEqual((await verifier.verify(other ?? "", NOW)).kind, "refused");
});

test("an application deleted elsewhere loses access within the stated time, and is asked for no more often", async () => {
  let asked = 0;
  let isThere = true;
  const standingOf = async () => {
    asked += 1;
    return isThere ? { tokenGeneration: 0, secretIds: [], ownerId: null } : undefined;
  };
  const verifier = createTokenVerifier({ ...expected, standingForMs: 5_000, standingOf });
  const token = await issueAccessToken(subject);
  for (let ms = 0; ms < 5_000; ms += 100) await verifier.verify(token, NOW + ms);
  assert.equal(asked, 1);
  isThere = false;
  assert.equal((await verifier.verify(token, NOW + 5_000)).kind, "refused");
  assert.equal((await verifier.verify(token, NOW + 5_001)).kind, "refused");
});

test("a flood of bad tokens does not push out a good one", async () => {
  const verifier = createTokenVerifier({ ...expected, cacheSize: 10 });
  const token = await issueAccessToken(subject);
  const first = await verifier.verify(token, NOW);
  for (let i = 0; i < 100; i += 1) assert.equal((await verifier.verify(`bad${i}`, NOW)).kind, "refused");
  assert.equal(await verifier.verify(token, NOW), first, "the same object: it was remembered");
});

test("a key that is neither Ed25519 nor P-256 stops the start", async () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  await assert.rejects(loadSigningKey(pemOf(privateKey)), /Ed25519 or P-256/);
});

test("a token that expires beyond reason is refused", async () => {
  const signed = (exp: number) =>
    new SignJWT({ tid: TENANT, appid: "c1", app_displayname: "Playbook", roles: [], exp })
      .setProtectedHeader({ typ: "JWT", alg: key.alg, kid: key.kid })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setIssuedAt(NOW / 1000)
      .setNotBefore(NOW / 1000)
      .sign(key.privateKey);
  assert.equal(await reasonOf(await signed(NOW / 1000 + 24 * 3_600)), "Playbook");
  for (const exp of [NOW / 1000 + 25 * 3_600, NOW / 1000 + 100 * 365 * 24 * 3_600, Number.MAX_SAFE_INTEGER, 1e308]) {
    assert.equal(await reasonOf(await signed(exp)), "TooLong", String(exp));
  }
});
