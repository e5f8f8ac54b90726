import assert from "node:assert/strict";
import { test } from "node:test";
import { createOutsideIssuers } from "../../../src/auth/oidc/outside-issuers.ts";
import { SIGNATURE_ALGORITHMS } from "../../../src/auth/verification-key.ts";
import { ConfigError } from "../../../src/config/config.ts";
import { parseOidcIssuers, readOidcIssuers } from "../../../src/config/oidc-issuers.ts";

const ISSUER = { issuer: "https://id.example/t1", audiences: ["https://halligan.example"], allowUsers: true };
const parse = (...entries: object[]) => parseOidcIssuers(JSON.stringify(entries));

test("without the setting, or with an empty list, no issuer is trusted", async () => {
  assert.deepEqual(await readOidcIssuers(null), []);
  assert.deepEqual(parse(), []);
});

test("omitted values have defaults: RS256, Entra's claims, and no admitted caller", () => {
  assert.deepEqual(parse(ISSUER), [
    {
      ...ISSUER,
      algorithms: ["RS256"],
      keyHosts: [],
      tenant: undefined,
      userNameDomains: "any",
      allowApplications: false,
      claims: { userName: ["upn", "preferred_username", "email"], groups: "groups", scopes: "scp", roles: "roles" },
    },
  ]);
  assert.deepEqual(parse({ ...ISSUER, claims: { scopes: "scope" } })[0]?.claims.scopes, "scope");
});

test("the one issuer of users speaks for every domain, of several each for its own, and no two for one", () => {
  const other = { ...ISSUER, issuer: "https://id.example/t2" };
  const domainsOf = (...entries: object[]) => parse(...entries).map(({ userNameDomains }) => userNameDomains);
  assert.deepEqual(domainsOf(ISSUER, { ...other, allowUsers: false, allowApplications: true }), ["any", []]);
  assert.deepEqual(domainsOf(ISSUER, other), [[], []]);
  assert.deepEqual(domainsOf({ ...ISSUER, userNameDomains: ["a.example"] }, other), [["a.example"], []]);
  const both = { userNameDomains: ["a.example"] };
  assert.throws(() => parse({ ...ISSUER, ...both }, { ...other, ...both }), /two issuers have a\.example/);
  assert.throws(() => parse({ ...ISSUER, userNameDomains: ["A.example"] }), /\/0\/userNameDomains/);
});

test("what it gives is what the outside issuers take, with every algorithm that they know", () => {
  const issuers = parse(
    { ...ISSUER, algorithms: SIGNATURE_ALGORITHMS },
    { ...ISSUER, issuer: "http://127.0.0.1:9000" },
  );
  const log = { info: () => {}, warn: () => {} };
  const outside = createOutsideIssuers(issuers, [], {
    fetchJson: async () => null,
    clock: { monotonicMs: () => 0 },
    log,
  });
  assert.ok(outside.knows(ISSUER.issuer));
});

test("every mistake is refused, and said where", async () => {
  for (const [entry, where] of [
    [{ ...ISSUER, issuer: "http://id.example" }, /\/0\/issuer/],
    [{ ...ISSUER, issuer: "http://127.0.0.1.example" }, /\/0\/issuer/],
    [{ ...ISSUER, issuer: "http://10.0.0.1:8080" }, /\/0\/issuer/],
    [{ ...ISSUER, issuer: "https://user@id.example" }, /\/0\/issuer/],
    [{ ...ISSUER, issuer: "https://id.example/?tenant=1" }, /\/0\/issuer/],
    [{ ...ISSUER, issuer: "file:///etc/passwd" }, /\/0\/issuer/],
    [{ ...ISSUER, audiences: [] }, /\/0\/audiences/],
    [{ ...ISSUER, audiences: [""] }, /\/0\/audiences/],
    [{ ...ISSUER, algorithms: [] }, /\/0\/algorithms/],
    [{ ...ISSUER, algorithms: ["none"] }, /\/0\/algorithms/],
    [{ ...ISSUER, algorithms: ["RS256", "HS256"] }, /\/0\/algorithms/],
    [{ ...ISSUER, keyHosts: ["https://keys.example"] }, /\/0\/keyHosts/],
    [{ ...ISSUER, claims: { scopes: "roles" } }, /\/0\/claims/],
    [{ ...ISSUER, allowUser: true }, /\/0/],
    [{ ...ISSUER, allowUsers: false }, /\/0 admits no caller/],
    [{ audiences: ["a"], allowUsers: true }, /\/0/],
  ] as const) {
    assert.throws(
      () => parse(entry),
      (error) => error instanceof ConfigError && where.test(error.message),
      JSON.stringify(entry),
    );
  }
  assert.throws(() => parse(ISSUER, ISSUER), /there twice/);
  assert.throws(() => parseOidcIssuers("{"), /HALLIGAN_OIDC_ISSUERS_FILE: it is not JSON/);
  assert.throws(() => parseOidcIssuers("{}"), ConfigError);
  await assert.rejects(
    readOidcIssuers("/nowhere/issuers.json"),
    /HALLIGAN_OIDC_ISSUERS_FILE could not be read.*ENOENT/,
  );
});
