import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { jwkOfPem, readApplicationKeys } from "../../../src/auth/application-key.ts";
import { newKey } from "./outside-fixture.ts";

const pemOf = (key: { publicKey: { export(options: { type: "spki"; format: "pem" }): string | Buffer } }) =>
  key.publicKey.export({ type: "spki", format: "pem" }).toString();

test("a public key is kept with what verifying needs, and gets its thumbprint for a name", async () => {
  const { jwk } = newKey("ES256", "mine");
  const read = await readApplicationKeys([
    { ...jwk, ext: true, x5c: ["AAAA"] },
    { ...jwk, kid: undefined },
  ]);
  assert.ok("keys" in read);
  const { kty, crv, x, y } = jwk;
  assert.deepEqual(read.keys[0], { kty, crv, x, y, kid: "mine" });
  assert.match(read.keys[1]?.kid ?? "", /^[A-Za-z0-9_-]{43}$/);
});

test("a private key is refused by name: it has left its owner", async () => {
  for (const { privateKey } of [newKey("RS256", "r"), newKey("ES256", "e"), newKey("EdDSA", "d")]) {
    const read = await readApplicationKeys([{ ...privateKey.export({ format: "jwk" }) }]);
    assert.match("fault" in read ? read.fault : "", /keys\[0\] is a private key/);
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
    assert.match("fault" in read ? read.fault : "", /keys\[0\] is not a public JWK/, JSON.stringify(bad));
  }
  const many = await readApplicationKeys(Array.from({ length: 11 }, () => jwk));
  assert.match("fault" in many ? many.fault : "", /at most 10/);
});

test("a PEM text becomes the same key; one with a private key is refused", async () => {
  const key = newKey("RS256", "r");
  const { n, e } = key.jwk;
  assert.deepEqual(jwkOfPem(pemOf(key)), { kty: "RSA", n, e });
  assert.ok("keys" in (await readApplicationKeys([jwkOfPem(pemOf(key))])));
  assert.throws(() => jwkOfPem(key.privateKey.export({ type: "pkcs8", format: "pem" }).toString()), /private key/);
  assert.throws(() => jwkOfPem("nonsense"));
});

/** Made once with `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=soar`; nobody has its private half. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBcjCCARmgAwIBAgIUakI1Jzkq6RGG6V/8D9EUK7gioHYwCgYIKoZIzj0EAwIw
DzENMAsGA1UEAwwEc29hcjAeFw0yNjExMjExODM4MzhaFw0zNjExMTgxODM4Mzha
MA8xDTALBgNVBAMMBHNvYXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAT24WKJ
zAgJqD+KlhVoi0mRMP7H5IaK3YTMrJ2zv85b1Ee/upMSDkdxcFjqNoHH3Hyu7+Mu
V/DpQ2NtHQISvTRjo1MwUTAdBgNVHQ4EFgQU8SAspasbRDknOVXoUWbaojMFJcww
HwYDVR0jBBgwFoAU8SAspasbRDknOVXoUWbaojMFJcwwDwYDVR0TAQH/BAUwAwEB
/zAKBggqhkjOPQQDAgNHADBEAiB2Bu5tuUPJD0nTkNWKMW0EgcBdAP0U4px5QBci
UIk+UAIgcRCjiawT5Yh2DlFAl4uxI0wbGw1KakvK6ZAt+r6UJzc=
-----END CERTIFICATE-----`;

test("a certificate becomes its key, named by x5t as clients name it", () => {
  const jwk = jwkOfPem(CERTIFICATE);
  assert.equal(jwk.kty, "EC");
  assert.equal(jwk.x5t, "ZUHakQw04OH3IwOlvFCwEAyxMws");
});
