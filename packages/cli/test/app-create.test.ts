import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { makeWorld } from "./halligan.ts";

/**
 * Made once with `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj
 * /CN=soar`. The private key was deleted.
 */
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

describe("app create with keys", { concurrency: 4 }, () => {
  const create = ["app", "create", "connector", "--role", "Machine.Read.All"] as const;

  it("sends the public key of a PEM text, a certificate, a JWK and a JWK set, and shows no secret", async () => {
    await using world = await makeWorld();
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2_048 });
    const jwk = publicKey.export({ format: "jwk" });
    const files = {
      "key.pem": publicKey.export({ type: "spki", format: "pem" }).toString(),
      "app.crt": CERTIFICATE,
      "key.json": JSON.stringify(jwk),
      "keys.json": JSON.stringify({ keys: [jwk, jwk] }),
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(world.folder, name), text);
    const options = Object.keys(files).flatMap((name) => ["--key", join(world.folder, name)]);
    const { exitCode, stdout, stderr } = await world.run(...create, ...options);
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /^client id {6}app-2\nkey {12}key-0\n/);
    assert.doesNotMatch(stdout, /secret/);
    assert.match(stderr, /It has no secret/);
    const [pem, certificate, ...others] = world.api.applicationKeys;
    assert.deepEqual(pem, jwk);
    assert.deepEqual(Object(certificate).x5t, "ZUHakQw04OH3IwOlvFCwEAyxMws");
    assert.deepEqual(others, [jwk, jwk, jwk]);
  });

  it("refuses a private key before anything is sent, and says what to give", async () => {
    await using world = await makeWorld();
    const { privateKey } = generateKeyPairSync("ed25519");
    const file = join(world.folder, "private");
    for (const text of [
      privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      `${CERTIFICATE}\n${privateKey.export({ type: "pkcs8", format: "pem" })}`,
      JSON.stringify(privateKey.export({ format: "jwk" })),
      JSON.stringify({ keys: [privateKey.export({ format: "jwk" })] }),
    ]) {
      await writeFile(file, text);
      const { exitCode, stderr } = await world.run(...create, "--key", file);
      assert.equal(exitCode, 64);
      assert.match(stderr, /has a private key, which must stay with the application; give its public key/);
    }
    assert.deepEqual(world.api.applicationKeys, []);
  });

  it("names what is wrong with a file that is no key", async () => {
    await using world = await makeWorld();
    const file = join(world.folder, "file");
    for (const [text, pattern] of [
      ["", /is not a PEM public key/],
      ["nonsense", /is not a PEM public key/],
      ["{", /is not a PEM public key/],
      ["{}", /is not a PEM public key/],
      ['{"keys":[]}', /is not a PEM public key/],
      ["x".repeat(70_000), /is larger than 65536 bytes/],
    ] as const) {
      await writeFile(file, text);
      const { exitCode, stderr } = await world.run(...create, "--key", file);
      assert.equal(exitCode, 64, text.slice(0, 20));
      assert.match(stderr, pattern);
      assert.match(stderr, /--key: /);
    }
    assert.match((await world.run(...create, "--key", join(world.folder, "none"))).stderr, /is not there/);
    assert.match((await world.run(...create, "--key", world.folder)).stderr, /is a folder/);
  });
});
