import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { SignJWT } from "jose";
import { type AssertionReplay, verifyClientAssertion } from "../../../src/auth/tokens/client-assertion.ts";
import { assertionReplay } from "../../../src/service/identity/claim-assertion.ts";
import { testServices } from "../../support/test-services.ts";
import { type Claims, NOW, newKey, sign, type TestKey } from "./outside-fixture.ts";

const V1 = "https://halligan.example/t/oauth2/token";
const V2 = "https://halligan.example/t/oauth2/v2.0/token";
const nowS = NOW / 1000;
const key = newKey("ES256", "mine");
const rsa = newKey("RS256", "rsa");
const CLAIMS: Claims = { iss: "c1", sub: "c1", aud: V2, jti: "j1", nbf: nowS, exp: nowS + 600 };

/** Its lifetime exceeds that of an assertion that may be used more than once. */
const LONG: Claims = { ...CLAIMS, exp: nowS + 900 };

const verdictOf = async (
  assertion: string,
  {
    keys = [key.jwk],
    nowMs = NOW,
    replay = { claim: async () => "fresh" },
  }: { keys?: unknown[]; nowMs?: number; replay?: AssertionReplay } = {},
) => {
  const application = { clientId: "c1", keys };
  const verdict = await verifyClientAssertion({ assertion, application, audiences: [V1, V2], nowMs, replay });
  return verdict.ok ? "ok" : `${verdict.error.isProven ? "proven" : "unproven"}: ${verdict.error.reason}`;
};

test("an assertion signed with any of the registered keys is good, whatever kid and x5t say", async () => {
  const ed = newKey("EdDSA", "ed");
  const keys = [rsa.jwk, newKey("ES256", "other").jwk, ed.jwk, key.jwk];
  for (const one of [key, rsa, ed]) {
    for (const header of [{}, { kid: undefined }, { kid: "0A1B2C" }, { kid: "other" }, { x5t: "AAAA" }]) {
      assert.equal(
        await verdictOf(await sign(one, CLAIMS, header), { keys }),
        "ok",
        `${one.alg} ${JSON.stringify(header)}`,
      );
    }
  }
  const pss = new SignJWT({ ...CLAIMS }).setProtectedHeader({ alg: "PS256" }).sign(rsa.privateKey);
  assert.equal(await verdictOf(await pss, { keys }), "ok");
});

test("the token endpoint may be written in both spellings, in any letter case", async () => {
  for (const aud of [V1, V2, V1.toUpperCase(), [V1]])
    assert.equal(await verdictOf(await sign(key, { ...CLAIMS, aud })), "ok");
});

test("vectors: whatever is wrong with an assertion, it is refused", async () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const stranger: TestKey = newKey("ES256", "mine");
  const pem = Buffer.from(key.publicKey.export({ type: "spki", format: "pem" }));
  for (const [title, assertion, verdict] of [
    ["nonsense", "x", /^unproven/],
    ["too long", "x".repeat(20_000), /^unproven/],
    ["alg none", `${part({ alg: "none" })}.${part(CLAIMS)}.`, /^unproven/],
    [
      "HS256 with the public key",
      await new SignJWT({ ...CLAIMS }).setProtectedHeader({ alg: "HS256" }).sign(pem),
      /^unproven/,
    ],
    ["another key", await sign(stranger, CLAIMS), /^unproven/],
    ["a key that it brings along", await sign(stranger, CLAIMS, { jwk: stranger.jwk }), /^unproven/],
    ["another client's iss", await sign(key, { ...CLAIMS, iss: "c2" }), /^proven: iss and sub/],
    ["another client's sub", await sign(key, { ...CLAIMS, sub: "c2" }), /^proven: iss and sub/],
    ["another server", await sign(key, { ...CLAIMS, aud: "https://login.example/t/oauth2/token" }), /^proven: aud/],
    ["another server too", await sign(key, { ...CLAIMS, aud: [V1, "https://login.example"] }), /^proven: aud/],
    ["no audience", await sign(key, { ...CLAIMS, aud: undefined }), /^proven: aud/],
    ["no end", await sign(key, { ...CLAIMS, exp: undefined }), /^proven: exp is missing/],
    ["expired", await sign(key, { ...CLAIMS, exp: nowS - 60 }), /^proven: it has expired/],
    ["good for too long", await sign(key, { ...CLAIMS, exp: nowS + 3_661 }), /^proven: exp is more than an hour/],
    ["not valid yet", await sign(key, { ...CLAIMS, nbf: nowS + 61 }), /^proven: it is not valid yet/],
    ["no id", await sign(key, { ...CLAIMS, jti: undefined }), /^proven: jti is missing/],
    ["an id that is no text", await sign(key, { ...CLAIMS, jti: 7 }), /^(proven: jti is missing|unproven)/],
  ] as const) {
    assert.match(await verdictOf(assertion), verdict, title);
  }
  assert.match(await verdictOf(await sign(key, CLAIMS), { keys: [] }), /^unproven/, "an application without keys");
  assert.match(await verdictOf(await sign(key, CLAIMS), { keys: [{ ...key.jwk, alg: "RS256" }] }), /^unproven/);
});

test("an algorithm that is not served for assertions is refused, also with a key that fits it", async () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
  const assertion = await new SignJWT({ ...CLAIMS }).setProtectedHeader({ alg: "ES384" }).sign(privateKey);
  assert.match(await verdictOf(assertion, { keys: [publicKey.export({ format: "jwk" })] }), /^unproven/);
});

test("clocks may differ by a minute, and an hour is the longest life", async () => {
  const at = async (change: Claims) => verdictOf(await sign(key, { ...CLAIMS, ...change }));
  assert.equal(await at({ exp: nowS - 59 }), "ok");
  assert.equal(await at({ exp: nowS + 3_660 }), "ok");
  assert.equal(await at({ nbf: nowS + 60 }), "ok");
});

test("an assertion that states a life of ten minutes at most is good until it ends, as MSAL uses it", async () => {
  await using services = await testServices();
  const replay = assertionReplay(services.context.store);
  for (const claims of [
    CLAIMS,
    { ...CLAIMS, iat: nowS - 1 },
    { ...CLAIMS, nbf: undefined, iat: nowS },
    { ...CLAIMS, exp: nowS + 60 },
  ]) {
    const assertion = await sign(key, claims);
    for (let use = 0; use < 3; use += 1) assert.equal(await verdictOf(assertion, { replay }), "ok");
    assert.match(await verdictOf(assertion, { replay, nowMs: NOW + 660_000 }), /expired/);
  }
});

test("an assertion that lives longer, or does not say since when, is good once", async () => {
  await using services = await testServices();
  const replay = assertionReplay(services.context.store);
  for (const [jti, claims] of [
    ["longer", { exp: nowS + 601 }],
    ["unstated", { nbf: undefined }],
    ["issued in the future", { iat: nowS + 3_000, exp: nowS + 3_600 }],
    ["longer since both of its times", { iat: nowS - 1, nbf: nowS - 2 }],
  ] as const) {
    const assertion = await sign(key, { ...CLAIMS, ...claims, jti });
    assert.equal(await verdictOf(assertion, { replay }), "ok", jti);
    assert.match(await verdictOf(assertion, { replay }), /jti was used before/, jti);
  }
});

test("an assertion is good once, until it would have expired; another application may use the same id", async () => {
  await using services = await testServices();
  const replay = assertionReplay(services.context.store);
  const assertion = await sign(key, LONG);
  assert.equal(await verdictOf(assertion, { replay }), "ok");
  assert.match(await verdictOf(assertion, { replay }), /jti was used before/);
  assert.match(await verdictOf(assertion, { replay, nowMs: NOW + 959_999 }), /jti was used before/);
  assert.match(await verdictOf(assertion, { replay, nowMs: NOW + 960_000 }), /expired/);
  assert.equal(await replay.claim("c2", "j1", NOW + 1, NOW), "fresh");
});

test("an assertion whose end has a fraction of a second is remembered until a whole millisecond", async () => {
  const untilMs: number[] = [];
  const replay: AssertionReplay = {
    async claim(_clientId, _id, until) {
      untilMs.push(until);
      return "fresh";
    },
  };
  assert.equal(await verdictOf(await sign(key, { ...CLAIMS, exp: nowS + 900.000_123 }), { replay }), "ok");
  assert.deepEqual(untilMs, [NOW + 960_001]);
});

test("a refused assertion does not use up its id", async () => {
  await using services = await testServices();
  const replay = assertionReplay(services.context.store);
  assert.match(await verdictOf(await sign(key, { ...LONG, aud: "x" }), { replay }), /aud/);
  assert.equal(await verdictOf(await sign(key, LONG), { replay }), "ok");
});

test("ids are forgotten when they expire, and one client that uses too many is refused by itself", async () => {
  await using services = await testServices();
  const replay = assertionReplay(services.context.store, 3);
  for (const id of ["a", "b", "c"]) assert.equal(await replay.claim("c1", id, NOW + 100, NOW), "fresh");
  assert.equal(await replay.claim("c1", "d", NOW + 100, NOW), "full");
  assert.equal(await replay.claim("c1", "a", NOW + 100, NOW), "seen");
  assert.equal(await replay.claim("c2", "d", NOW + 100, NOW), "fresh");
  assert.equal(await replay.claim("c1", "d", NOW + 200, NOW + 100), "fresh");
});

test("of one assertion that is shown ten times at once one is good", async () => {
  await using services = await testServices();
  const replay = assertionReplay(services.context.store);
  const assertion = await sign(key, LONG);
  const verdicts = await Promise.all(Array.from({ length: 10 }, () => verdictOf(assertion, { replay })));
  assert.equal(verdicts.filter((verdict) => verdict === "ok").length, 1, verdicts.join());
});
