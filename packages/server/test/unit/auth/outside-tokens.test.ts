import assert from "node:assert/strict";
import { test } from "node:test";
import { CompactSign, SignJWT } from "jose";
import { createTokenVerifier } from "../../../src/auth/tokens/token-verifier.ts";
import { APPLICATION, ISSUER, NOW, newKey, sign, USER, world } from "./outside-fixture.ts";

const rsa = newKey("RS256", "r1");
const ec = newKey("ES256", "e1");
const nowS = NOW / 1000;
const ALICE = `${ISSUER}#alice-sub`;

test("a user's token names the user at that issuer, with the scopes that exist and the groups", async () => {
  const { verifier } = world([rsa, ec]);
  for (const key of [rsa, ec]) {
    assert.deepEqual(await verifier.verify(await sign(key, USER), NOW), {
      kind: "user",
      id: ALICE,
      name: "alice@example.org",
      scopes: new Set(["Machine.Read", "Machine.LiveResponse"]),
      groups: ["soc", "it"],
    });
  }
});

test("an application's token names the application at that issuer, so that it is never one of ours", async () => {
  const { verifier } = world([rsa]);
  assert.deepEqual(await verifier.verify(await sign(rsa, APPLICATION), NOW), {
    kind: "application",
    id: `${ISSUER}#soar`,
    clientId: `${ISSUER}#soar`,
    name: `soar (${ISSUER})`,
    roles: new Set(["Machine.Read.All"]),
  });
});

test("Entra's tokens: oid is the user, and sub equal to oid without a user is the application", async () => {
  const { verifier } = world([rsa], { tenant: "t1" });
  const ids = { tid: "t1", oid: "o1", appid: "a1" };
  const user = await verifier.verify(await sign(rsa, { ...USER, ...ids }), NOW);
  assert.equal(user.kind === "user" && user.id, `${ISSUER}#o1`);
  const { upn: _upn, scp: _scp, ...nobody } = USER;
  const app = await verifier.verify(
    await sign(rsa, { ...nobody, ...ids, sub: "o1", roles: ["Machine.LiveResponse"], app_displayname: "Playbook" }),
    NOW,
  );
  assert.deepEqual(app.kind === "application" && [app.id, app.name], [`${ISSUER}#a1`, `Playbook (${ISSUER})`]);
});

test("roles of a user and scopes of an application give nothing", async () => {
  const { verifier } = world([rsa]);
  const user = await verifier.verify(await sign(rsa, { ...USER, roles: ["Halligan.Admin"] }), NOW);
  assert.deepEqual(user.kind === "user" && [...user.scopes], ["Machine.Read", "Machine.LiveResponse"]);
  const app = await verifier.verify(await sign(rsa, { ...APPLICATION, scp: "Halligan.Admin" }), NOW);
  assert.deepEqual(app.kind === "application" && [...app.roles], ["Machine.Read.All"]);
});

test("a user's name stands alone when it is a principal name of a domain that the issuer speaks for", async () => {
  const nameOf = async (upn: string, userNameDomains: readonly string[] | "any") => {
    const caller = await world([rsa], { userNameDomains }).verifier.verify(await sign(rsa, { ...USER, upn }), NOW);
    return caller.kind === "refused" ? caller.reason : caller.name;
  };
  assert.equal(await nameOf("administrator", "any"), `administrator (${ISSUER})`);
  assert.equal(await nameOf("alice@example.org", "any"), "alice@example.org");
  assert.equal(await nameOf("alice@Example.org", ["example.org"]), "alice@Example.org");
  assert.equal(await nameOf("alice@other.example", ["example.org"]), `alice@other.example (${ISSUER})`);
  assert.equal(await nameOf("alice@x@example.org", "any"), `alice@x@example.org (${ISSUER})`);
  assert.equal(await nameOf("the boss of@example.org", "any"), `the boss of@example.org (${ISSUER})`);
});

test("a name that could not be shown is passed over", async () => {
  const { verifier } = world([rsa]);
  const nameOf = async (claims: object) => {
    const caller = await verifier.verify(await sign(rsa, { ...USER, upn: undefined, ...claims }), NOW);
    return caller.kind === "refused" ? caller.reason : caller.name;
  };
  assert.equal(await nameOf({ upn: "a\u001b[2J", preferred_username: "al\u202eice", email: "a@b" }), "a@b");
  assert.equal(await nameOf({ upn: ["x"], email: "x".repeat(300) }), `alice-sub (${ISSUER})`);
});

test("vectors: whatever is wrong with a token, it is refused", async () => {
  const stranger = newKey("RS256", "r1");
  const unlisted = newKey("EdDSA", "x1");
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const [head = "", body = "", signature = ""] = (await sign(rsa, USER)).split(".");
  const pem = Buffer.from(rsa.publicKey.export({ type: "spki", format: "pem" }));
  const modulus = Buffer.from(String(rsa.jwk.n), "base64url");
  const hmac = (secret: Uint8Array, alg: string) =>
    new SignJWT({ ...USER }).setProtectedHeader({ alg, kid: "r1", typ: "JWT" }).sign(secret);
  const vectors: [string, string | Promise<string>, string][] = [
    ["alg none", `${part({ alg: "none", kid: "r1" })}.${body}.`, "Malformed"],
    ["alg none with a signature", `${part({ alg: "none", kid: "r1" })}.${body}.${signature}`, "Malformed"],
    ["alg None in other letters", `${part({ alg: "nOnE", kid: "r1" })}.${body}.`, "Malformed"],
    ["HS256 with the public key's PEM", hmac(pem, "HS256"), "Malformed"],
    ["HS512 with the modulus", hmac(modulus, "HS512"), "Malformed"],
    ["an algorithm that the issuer does not use", sign(unlisted, USER), "Malformed"],
    [
      "PS256 where RS256 is listed",
      new SignJWT({ ...USER }).setProtectedHeader({ alg: "PS256", kid: "r1" }).sign(rsa.privateKey),
      "Malformed",
    ],
    ["a curve's algorithm with the kid of the RSA key", sign(ec, USER, { kid: "r1" }), "UnknownKey"],
    ["the kid of the key, another key", sign(stranger, USER), "BadSignature"],
    ["a key that the token brings along", sign(stranger, USER, { jwk: stranger.jwk }), "BadSignature"],
    ["a key set that the token points at", sign(stranger, USER, { jku: "https://evil.example/keys" }), "BadSignature"],
    ["no kid where there are several keys", sign(rsa, USER, { kid: undefined }), "UnknownKey"],
    ["an unknown kid", sign(rsa, USER, { kid: "old" }), "UnknownKey"],
    [
      "a critical extension",
      `${part({ alg: "RS256", kid: "r1", crit: ["x"], x: 1 })}.${body}.${signature}`,
      "Malformed",
    ],
    ["claims changed", `${head}.${part({ ...USER, scp: "Halligan.Admin" })}.${signature}`, "BadSignature"],
    ["another issuer", sign(rsa, { ...USER, iss: "https://id.example/t2" }), "UnknownKey"],
    ["the issuer with a slash", sign(rsa, { ...USER, iss: `${ISSUER}/` }), "UnknownKey"],
    ["no issuer", sign(rsa, { ...USER, iss: undefined }), "UnknownKey"],
    ["another audience", sign(rsa, { ...USER, aud: "https://graph.example" }), "WrongAudience"],
    ["another audience list", sign(rsa, { ...USER, aud: ["a", "b"] }), "WrongAudience"],
    ["no audience", sign(rsa, { ...USER, aud: undefined }), "WrongAudience"],
    ["no end", sign(rsa, { ...USER, exp: undefined }), "Malformed"],
    ["expired", sign(rsa, { ...USER, exp: nowS - 60 }), "Expired"],
    ["not valid yet", sign(rsa, { ...USER, nbf: nowS + 61 }), "NotYetValid"],
    ["no subject", sign(rsa, { ...USER, sub: undefined }), "WrongKind"],
    ["a subject of no length", sign(rsa, { ...USER, sub: "" }), "WrongKind"],
    ["an id token by its hash", sign(rsa, { ...USER, at_hash: "x" }), "WrongKind"],
    ["an id token by its nonce", sign(rsa, { ...USER, nonce: "x" }), "WrongKind"],
    ["an id token of Keycloak", sign(rsa, { ...USER, typ: "ID" }), "WrongKind"],
    [
      "an id token with roles and no scope",
      sign(rsa, { ...USER, scp: undefined, roles: ["Halligan.Admin"] }),
      "WrongKind",
    ],
    ["a subject with a NUL", sign(rsa, { ...USER, oid: undefined, sub: "a\0b" }), "WrongKind"],
    ["a subject that is half a character", sign(rsa, { ...USER, oid: undefined, sub: "\ud800" }), "WrongKind"],
    ["a logout token", sign(rsa, { ...USER, events: {} }, { typ: "logout+jwt" }), "WrongKind"],
    ["a client assertion", sign(rsa, USER, { typ: "client-authentication+jwt" }), "WrongKind"],
  ];
  for (const [title, token, reason] of vectors) {
    // A new verifier for each vector, so that no result of another vector is remembered.
    const { outcome } = world([rsa, ec]);
    assert.equal(await outcome(await token), reason, title);
  }
  assert.equal(await world([rsa, ec]).outcome(await sign(rsa, USER)), ALICE, "and the one they were made from is good");
});

test("a number in the claims that JSON makes infinite is refused", async () => {
  const text = JSON.stringify(USER).replace(/"exp":\d+/, '"exp":1e999');
  const token = await new CompactSign(Buffer.from(text))
    .setProtectedHeader({ alg: "RS256", kid: "r1" })
    .sign(rsa.privateKey);
  assert.equal(await world([rsa]).outcome(token), "Malformed");
});

test("an access token that says what it is may have a nonce, and one audience of several is enough", async () => {
  const { outcome } = world([rsa]);
  for (const token of [
    await sign(rsa, { ...USER, nonce: "n" }, { typ: "at+jwt" }),
    await sign(rsa, { ...USER, nonce: "n" }, { typ: "application/at+JWT" }),
    await sign(rsa, { ...USER, nonce: "n", typ: "Bearer" }),
    await sign(rsa, { ...USER, aud: ["other", "https://halligan.example"] }),
    await sign(rsa, USER, { typ: undefined }),
    await sign(rsa, USER, { kid: undefined }),
  ]) {
    assert.equal(await outcome(token), ALICE);
  }
});

test("an issuer names only what it was allowed to, of its own tenant", async () => {
  assert.equal(await world([rsa], { allowUsers: false }).outcome(await sign(rsa, USER)), "WrongKind");
  assert.equal(await world([rsa], { allowApplications: false }).outcome(await sign(rsa, APPLICATION)), "WrongKind");
  assert.equal(await world([rsa], { tenant: "t1" }).outcome(await sign(rsa, USER)), "WrongIssuer");
  assert.equal(await world([rsa], { tenant: "t1" }).outcome(await sign(rsa, { ...USER, tid: "t2" })), "WrongIssuer");
});

test("claims are read where the setting says", async () => {
  const claims = { userName: ["nick"], groups: "memberOf", scopes: "scope", roles: "permissions" } as const;
  const { verifier } = world([rsa], { claims });
  const user = { ...USER, scp: undefined, scope: "Machine.Read", nick: "al", memberOf: ["g"], groups: ["no"] };
  const caller = await verifier.verify(await sign(rsa, user), NOW);
  assert.deepEqual(caller.kind === "user" && [caller.name, [...caller.scopes], caller.groups], [
    `al (${ISSUER})`,
    ["Machine.Read"],
    ["g"],
  ]);
  const app = await verifier.verify(await sign(rsa, { ...APPLICATION, permissions: ["Library.Manage"] }), NOW);
  assert.deepEqual(app.kind === "application" && [...app.roles], ["Library.Manage"]);
});

test("without configured issuers, no outside token is trusted and no request is sent", async () => {
  const verifier = createTokenVerifier({ keys: [], issuers: [], audiences: [], tenant: "t" });
  const answer = await verifier.verify(await sign(rsa, USER), NOW);
  assert.equal(answer.kind === "refused" && answer.reason, "UnknownKey");
});

test("a blocked user's tokens are refused from the next look on", async () => {
  const blocked = new Set<string>();
  const { verifier, outcome } = world([rsa], {}, { isBlocked: async (id: string) => blocked.has(id) });
  const token = await sign(rsa, USER);
  assert.equal(await outcome(token), ALICE);
  blocked.add(ALICE);
  assert.equal(await outcome(token, NOW + 1_000), "Revoked");
  blocked.clear();
  assert.equal(await outcome(token, NOW + 1_000), ALICE);
  blocked.add(ALICE);
  verifier.revoke(ALICE);
  assert.equal(await outcome(token, NOW + 1_000), "Revoked");
});

test("a token that was brought to the wrong issuer is refused there as well", async () => {
  const { outside } = world([rsa]);
  const answer = await outside.check(await sign(rsa, { ...USER, iss: "https://id.example/t2" }), ISSUER);
  assert.equal(!answer.ok && answer.error.reason, "WrongIssuer");
  const unknown = await outside.check(await sign(rsa, USER), "https://id.example/t2");
  assert.equal(!unknown.ok && unknown.error.reason, "WrongIssuer");
});
