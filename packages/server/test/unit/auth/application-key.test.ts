import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { readApplicationKeys } from "../../../src/auth/tokens/application-key.ts";
import { newKey } from "./outside-fixture.ts";

test("a public key is kept with what verifying needs, and gets its thumbprint for a name", async () => {
  const { jwk } = newKey("ES256", "mine");
  const read = await readApplicationKeys([
    { ...jwk, ext: true, x5c: ["AAAA"] },
    { ...jwk, kid: undefined },
  ]);
  assert.ok(read.ok);
  const { kty, crv, x, y } = jwk;
  assert.deepEqual(read.value[0], { kty, crv, x, y, kid: "mine" });
  assert.match(read.value[1]?.kid ?? "", /^[A-Za-z0-9_-]{43}$/);
});

test("a private key is refused by name: it has left its owner", async () => {
  for (const { privateKey } of [newKey("RS256", "r"), newKey("ES256", "e"), newKey("EdDSA", "d")]) {
    const read = await readApplicationKeys([{ ...privateKey.export({ format: "jwk" }) }]);
    assert.match(read.ok ? "" : read.error, /keys\[0\] is a private key/);
  }
});

test("what cannot verify an assertion is refused", async () => {
  const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey.export({ format: "jwk" });
  const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" }).publicKey.export({ format: "jwk" });
  const { jwk } = newKey("RS256", "r");
  for (const bad of [
    {},
    { kty: "RSA" },
    { ...weak },
    { ...p384 },
    { ...jwk, use: "enc" },
    { ...jwk, alg: "HS256" },
    { ...jwk, e: "AQ" },
  ]) {
    const read = await readApplicationKeys([bad]);
    assert.match(read.ok ? "" : read.error, /keys\[0\] is not a public JWK/, JSON.stringify(bad));
  }
  const many = await readApplicationKeys(Array.from({ length: 11 }, () => jwk));
  assert.match(many.ok ? "" : many.error, /at most 10/);
});
