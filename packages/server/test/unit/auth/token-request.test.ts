import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { ok } from "@halligan/protocol/errors";
import { hashSecret, newSecret, secretMatches } from "../../../src/auth/secret-hash.ts";
import { acceptedAudiences } from "../../../src/auth/tokens/audiences.ts";
import { parseTokenRequest } from "../../../src/auth/tokens/token-request.ts";

const AUDIENCES = acceptedAudiences("https://halligan.example/");
const CLIENT = "grant_type=client_credentials&client_id=c&client_secret=s";
const TYPE = "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const parse = (form: string, version: "v1" | "v2" = "v1") =>
  parseTokenRequest(new URLSearchParams(form), version, AUDIENCES);

test("every resource and scope that real clients send gives a token request for it", () => {
  for (const [version, form, audience] of [
    ["v1", "resource=https://api.securitycenter.microsoft.com", "https://api.securitycenter.microsoft.com"],
    ["v1", "resource=https://api.securitycenter.windows.com/", "https://api.securitycenter.windows.com"],
    ["v1", "resource=https://API.security.microsoft.com", "https://api.security.microsoft.com"],
    ["v1", "resource=https://api-eu.securitycenter.microsoft.com", "https://api-eu.securitycenter.microsoft.com"],
    ["v1", "resource=https://halligan.example", "https://halligan.example"],
    ["v2", "scope=https://api.securitycenter.microsoft.com/.default", "https://api.securitycenter.microsoft.com"],
    ["v2", "scope=https://api.securitycenter.microsoft.com//.default", "https://api.securitycenter.microsoft.com"],
    ["v2", "scope=openid https://halligan.example/.default", "https://halligan.example"],
    [
      "v2",
      "scope=https://securitycenter.onmicrosoft.com/windowsatpservice/.default",
      "https://securitycenter.onmicrosoft.com/windowsatpservice",
    ],
    ["v2", "resource=https://other&scope=https://halligan.example/.default", "https://halligan.example"],
    ["v2", "resource=https://halligan.example", "https://halligan.example"],
  ] as const) {
    const proof = { kind: "secret", clientSecret: "s" };
    const expected = ok({ grant: "client_credentials", clientId: "c", proof, audience });
    assert.deepEqual(parse(`${form}&${CLIENT}`, version), expected, form);
    assert.deepEqual(parse(`${CLIENT}&${form}`, version), expected, "in another order");
  }
});

test("what is missing, doubled, unknown or not served is refused by name", () => {
  for (const [form, error, description, status] of [
    ["", "invalid_request", /grant_type/, 400],
    ["grant_type=client_credentials", "invalid_request", /client_id/, 400],
    ["grant_type=client_credentials&client_id=c", "invalid_request", /client_secret/, 400],
    ["grant_type=client_credentials&client_id=c&client_secret=", "invalid_request", /client_secret/, 400],
    [CLIENT, "invalid_resource", /missing/, 400],
    [`${CLIENT}&resource=https://other`, "invalid_resource", /not one of this server/, 400],
    [
      `${CLIENT}&client_id=d&resource=https://halligan.example`,
      "invalid_request",
      /client_id is given more than once/,
      400,
    ],
    ["grant_type=password&client_id=c", "unsupported_grant_type", /password/, 400],
    ["grant_type=refresh_token&client_id=c", "unsupported_grant_type", /refresh_token/, 400],
    ["grant_type=<b>&client_id=c", "unsupported_grant_type", /^this grant_type/, 400],
    ["grant_type=authorization_code&client_id=c", "unsupported_grant_type", /authorization_code/, 400],
    ["grant_type=client_credentials&client_id=c&client_assertion=x", "invalid_request", /client_assertion_type/, 400],
    [`grant_type=client_credentials&client_id=c&${TYPE}`, "invalid_request", /client_assertion is missing/, 400],
    [`${CLIENT}&client_assertion=x&${TYPE}`, "invalid_request", /both/, 400],
    [`grant_type=client_credentials&client_assertion=x&${TYPE}`, "invalid_client", /not a JWT/, 401],
    [`grant_type=client_credentials&client_id=c&client_assertion=x&${TYPE}x`, "invalid_request", /_type must be/, 400],
  ] as const) {
    const answer = parse(form);
    assert.ok(!answer.ok, form);
    assert.deepEqual([answer.error.error, answer.error.status], [error, status], form);
    assert.match(answer.error.error_description, description);
  }
  for (const scope of ["", "&scope=https://other/.default", "&scope=https://halligan.example", "&scope=/.default"]) {
    const answer = parse(CLIENT + scope, "v2");
    assert.ok(!answer.ok && answer.error.error === "invalid_scope", scope);
  }
});

test("an assertion replaces the secret, and names the client when client_id does not", () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const assertion = `${part({ alg: "ES256" })}.${part({ sub: "c9" })}.AA`;
  const form = `grant_type=client_credentials&resource=https://halligan.example&client_assertion=${assertion}&${TYPE}`;
  const proof = { kind: "assertion", assertion };
  const expected = { grant: "client_credentials", proof, audience: "https://halligan.example" };
  assert.deepEqual(parse(form), ok({ ...expected, clientId: "c9" }));
  assert.deepEqual(
    parse(`${form}&client_id=c1`),
    ok({ ...expected, clientId: "c1" }),
    "the signature check sees to the rest",
  );
});

test("a secret matches its hash and nothing else does", () => {
  const secret = newSecret(randomBytes);
  assert.match(secret, /^[A-Za-z0-9_-]{43}$/);
  assert.equal(secretMatches(secret, hashSecret(secret)), true);
  for (const wrong of ["", `${secret}x`, secret.slice(1), newSecret(randomBytes)])
    assert.equal(secretMatches(wrong, hashSecret(secret)), false);
  assert.equal(secretMatches(secret, ""), false);
});
