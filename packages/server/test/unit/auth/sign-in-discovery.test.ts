import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { ok } from "@halligan/protocol/errors";
import { calculateJwkThumbprint } from "jose";
import { deploymentTenant, tenantOf, tenantRefusal } from "../../../src/auth/tenant.ts";
import { readBasicCredentials } from "../../../src/auth/tokens/basic-credentials.ts";
import { parseInstanceQuery, publishedKeys } from "../../../src/auth/tokens/openid-configuration.ts";
import { loadSigningKey } from "../../../src/auth/tokens/signing-key.ts";

const ID = "3f0c2a64-7a51-4c0e-9d3e-5b1f0e6c8a27";
const URL_OF_SERVER = "https://halligan.example:8443";
const TENANT = deploymentTenant(ID, URL_OF_SERVER, ["soc.example"]);

test("the tenant is found by its id, the host name of the public URL and its configured names, in any letter case", () => {
  for (const name of [ID, ID.toUpperCase(), "halligan.example", "Soc.Example"]) {
    assert.equal(tenantOf(name, TENANT).kind, "own", name);
  }
  for (const name of ["common", "ORGANIZATIONS", "consumers"])
    assert.equal(tenantOf(name, TENANT).kind, "shared", name);
  for (const name of ["", "halligan.example:8443", "other.example", undefined]) {
    assert.equal(tenantOf(name, TENANT).kind, "unknown", name);
  }
});

test("a refusal names the tenant to use, and repeats only what looks like a name", () => {
  for (const [segment, expected] of [
    ["other.example", `there is no tenant "other.example" on this server; its tenant is ${ID}`],
    ["<b>", `there is no such tenant on this server; its tenant is ${ID}`],
    ["common", `"common" does not say which tenant the application belongs to; use the tenant ${ID}`],
  ] as const) {
    const named = tenantOf(segment, TENANT);
    assert.ok(named.kind !== "own");
    assert.equal(tenantRefusal(named, TENANT), expected);
  }
});

test("Basic credentials are read as RFC 6749 has them, and everything else under that scheme is malformed", () => {
  const header = (text: string | Uint8Array) => `Basic ${Buffer.from(text).toString("base64")}`;
  for (const [authorization, expected] of [
    [header("c:s"), { clientId: "c", clientSecret: "s" }],
    [header("c%3A1:s+%2B%25:x"), { clientId: "c:1", clientSecret: "s +%:x" }],
    [header("c:s").replace(/=+$/, ""), { clientId: "c", clientSecret: "s" }],
    [`  ${header("c:s")}  `, { clientId: "c", clientSecret: "s" }],
    [header("c"), "malformed"],
    [header(":s"), "malformed"],
    [header("c:"), "malformed"],
    [header("c:%"), "malformed"],
    [header(Uint8Array.of(0xff, 0x3a, 0x41)), "malformed"],
    ["Basic", "malformed"],
    ["Basic c:s", "malformed"],
    [undefined, null],
    ["", null],
    ["Bearer Basic", null],
    ["BasicX abc", null],
  ] as const) {
    assert.deepEqual(readBasicCredentials(authorization), expected, authorization);
  }
});

test("the published keys are the public halves of all accepted ones, and each is found by its kid", async () => {
  const pairs = [
    generateKeyPairSync("ed25519", {}),
    generateKeyPairSync("ec", { namedCurve: "P-256" }),
    generateKeyPairSync("ed25519", {}),
  ];
  const pems = pairs.map(({ privateKey }) => privateKey.export({ type: "pkcs8", format: "pem" }).toString());
  const { keys } = publishedKeys(await Promise.all(pems.map(loadSigningKey)));
  assert.deepEqual(
    keys.map(({ alg, kty, crv, use }) => [alg, kty, crv, use]),
    [
      ["EdDSA", "OKP", "Ed25519", "sig"],
      ["ES256", "EC", "P-256", "sig"],
      ["EdDSA", "OKP", "Ed25519", "sig"],
    ],
  );
  for (const [index, jwk] of keys.entries()) {
    assert.deepEqual(
      { ...jwk, d: undefined },
      { ...jwk, ...pairs[index]?.publicKey.export({ format: "jwk" }), d: undefined },
    );
    assert.ok(!("d" in jwk));
    assert.equal(jwk.kid, await calculateJwkThumbprint(jwk));
  }
});

test("instance discovery is for the host of the public URL, with its port", () => {
  const parse = (query: string) => parseInstanceQuery(new URLSearchParams(query), URL_OF_SERVER);
  const endpoint = `authorization_endpoint=${URL_OF_SERVER}`;
  assert.deepEqual(
    parse(`${endpoint}/t/oauth2/v2.0/authorize`),
    ok({ version: "v2", segment: "t", apiVersion: "1.1" }),
  );
  assert.deepEqual(
    parse(`api-version=1.0&${endpoint}/t/oauth2/authorize`),
    ok({ version: "v1", segment: "t", apiVersion: "1.0" }),
  );
  for (const [query, code] of [
    ["", "invalid_request"],
    ["authorization_endpoint=", "invalid_request"],
    [`${endpoint}/t&api-version=2`, "invalid_request"],
    ["authorization_endpoint=https://halligan.example/t/oauth2/authorize", "invalid_instance"],
    ["authorization_endpoint=halligan", "invalid_instance"],
  ] as const) {
    const answer = parse(query);
    assert.equal(!answer.ok && answer.error.code, code, query);
  }
});
