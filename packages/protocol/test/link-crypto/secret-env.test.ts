import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { test } from "node:test";
import { err } from "@halligan/protocol/errors";
import { type SecretEnv, secretBytes } from "@halligan/protocol/link";
import { isSecretKeyOf, openSecrets, sealSecret, signSecretKey } from "@halligan/protocol/link-crypto";

const MACHINE = "ab".repeat(20);
const { privateKey } = generateKeyPairSync("x25519");
const device = generateKeyPairSync("ed25519");
const devicePublicKey = rawKey(device.publicKey);
const KEY = signSecretKey(MACHINE, privateKey, device.privateKey).key;

function rawKey(key: KeyObject): string {
  return key.export({ format: "jwk" }).x ?? "";
}

function seal(name: string, value: string, machineId = MACHINE): string {
  const sealed = sealSecret(machineId, KEY, { name, value: Buffer.from(value) });
  assert.ok(sealed);
  return sealed;
}

const env = (...values: SecretEnv["values"]): SecretEnv => ({ key: KEY, values });

test("the device reads what was sealed to it, and each sealing differs", () => {
  const values = ["A_TOKEN", "B"].map((name) => ({ name, sealed: seal(name, `välue of ${name}`) }));
  const result = openSecrets(MACHINE, privateKey, env(...values));
  assert.ok(result.ok);
  assert.deepEqual(
    result.value.map(({ name, value }) => [name, value.toString()]),
    [
      ["A_TOKEN", "välue of A_TOKEN"],
      ["B", "välue of B"],
    ],
  );
  assert.notEqual(seal("B", "same"), seal("B", "same"));
  assert.equal(secretBytes(seal("B", "123456789")), 9);
});

// Made with `cryptography` 48 for Python: Suite(X25519, HKDF_SHA256, AES_256_GCM).encrypt().
test("a value that another implementation of RFC 9180 has sealed is read", () => {
  const key = createPrivateKey({
    key: {
      kty: "OKP",
      crv: "X25519",
      d: "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA",
      x: "B6N8vBQgk8i3VdwbEOhstCY3StFqqFPtC9_AsrhtHHw",
    },
    format: "jwk",
  });
  const sealed = "pryOXcqEvi9lrvRsx0P3BSvXJwXcnbv-5ea845rUeRE_JAeC_0czJZCzdYNGEnUNT7b5XEQGMeLrvBjD_GsL9GgZdA";
  const result = openSecrets(MACHINE, key, env({ name: "API_TOKEN", sealed }));
  assert.ok(result.ok);
  assert.equal(result.value[0]?.value.toString(), "a value from python");
});

test("a sealed value in which any one character is another one is not read", () => {
  const sealed = seal("TOKEN", "some value");
  for (let at = 0; at < sealed.length; at++) {
    for (const other of ["A", "B", "_"]) {
      if (sealed[at] === other) continue;
      const changed = sealed.slice(0, at) + other + sealed.slice(at + 1);
      assert.deepEqual(
        openSecrets(MACHINE, privateKey, env({ name: "TOKEN", sealed: changed })),
        err("TOKEN"),
        `character ${at}`,
      );
    }
  }
  for (const changed of [sealed.slice(0, -4), `${sealed}AAAA`, "", "AAAA"]) {
    assert.deepEqual(openSecrets(MACHINE, privateKey, env({ name: "TOKEN", sealed: changed })), err("TOKEN"));
  }
});

test("a sealed value belongs to its variable, its machine and its key", () => {
  const sealed = seal("TOKEN", "some value");
  assert.deepEqual(openSecrets(MACHINE, privateKey, env({ name: "TOKEM", sealed })), err("TOKEM"));
  assert.deepEqual(openSecrets("cd".repeat(20), privateKey, env({ name: "TOKEN", sealed })), err("TOKEN"));
  const other = generateKeyPairSync("x25519").privateKey;
  assert.deepEqual(openSecrets(MACHINE, other, env({ name: "TOKEN", sealed })), err("TOKEN"));
  const fine = { name: "TOKEN", sealed };
  assert.deepEqual(openSecrets(MACHINE, privateKey, env(fine, { name: "B", sealed })), err("B"));
});

test("a value that no environment can have is not read", () => {
  for (const value of [Buffer.from("a\0b"), Buffer.from([0xff, 0xfe]), Buffer.alloc(0)]) {
    const sealed = sealSecret(MACHINE, KEY, { name: "TOKEN", value });
    assert.ok(sealed);
    assert.deepEqual(openSecrets(MACHINE, privateKey, env({ name: "TOKEN", sealed })), err("TOKEN"));
  }
});

test("nothing is sealed to a key whose secret would be public, or to a text that is no key", () => {
  const zero = Buffer.alloc(32).toString("base64url");
  const one = Buffer.from([1, ...new Uint8Array(31)]).toString("base64url");
  for (const key of [zero, one, "", "AAAA"]) {
    assert.equal(sealSecret(MACHINE, key, { name: "TOKEN", value: Buffer.from("value") }), null);
  }
});

test("the device signs its key for its machine, the same each time, and a change of any part shows", () => {
  const signed = signSecretKey(MACHINE, privateKey, device.privateKey);
  assert.deepEqual(signSecretKey(MACHINE, privateKey, device.privateKey), signed);
  assert.equal(isSecretKeyOf(MACHINE, signed, devicePublicKey), true);
  assert.equal(isSecretKeyOf("cd".repeat(20), signed, devicePublicKey), false);
  const other = generateKeyPairSync("ed25519");
  assert.equal(isSecretKeyOf(MACHINE, signed, rawKey(other.publicKey)), false);
  const swapped = signSecretKey(MACHINE, generateKeyPairSync("x25519").privateKey, other.privateKey);
  assert.equal(isSecretKeyOf(MACHINE, swapped, devicePublicKey), false);
  assert.equal(isSecretKeyOf(MACHINE, { ...signed, key: swapped.key }, devicePublicKey), false);
  assert.equal(isSecretKeyOf(MACHINE, { ...signed, signature: swapped.signature }, devicePublicKey), false);
  assert.equal(isSecretKeyOf(MACHINE, signed, "no key"), false);
});
