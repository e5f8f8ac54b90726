import assert from "node:assert/strict";
import { test } from "node:test";
import type { SecretEnv } from "@halligan/protocol/link";
import {
  orderedSecrets,
  readSecrets,
  secretNames,
  withoutCiphertext,
} from "../../../src/domain/actions/options/action-secrets.ts";
import { MACHINE_ID } from "./sample-action.ts";

const KEY = "A".repeat(43);
const SEALED = "A".repeat(80);
const machine = { machineId: MACHINE_ID, secretKey: { key: KEY, signature: "B".repeat(86) }, hasScript: true };
const env = (...names: string[]): SecretEnv => ({ key: KEY, values: names.map((name) => ({ name, sealed: SEALED })) });

function fault(requested: SecretEnv, change: Partial<typeof machine> | { secretKey: null } = {}): string {
  const read = readSecrets(requested, { ...machine, ...change });
  assert.ok(!read.ok);
  return "detail" in read.error ? `${read.error.code} ${read.error.detail}` : read.error.code;
}

test("secrets are taken for the key that the machine has announced, and only for it", () => {
  assert.deepEqual(readSecrets(env("A", "B"), machine), { ok: true, value: env("A", "B") });
  assert.deepEqual(readSecrets(undefined, { ...machine, secretKey: null, hasScript: false }), {
    ok: true,
    value: null,
  });
  assert.equal(fault(env("A"), { secretKey: null }), "SecretsNotSupported");
  assert.equal(fault({ ...env("A"), key: "B".repeat(43) }), "SecretKeyChanged");
});

test("secrets need a script, names that may be secrets, each once, and a bound for all together", () => {
  assert.match(fault(env("A"), { hasScript: false }), /^InvalidRequestBody secretEnv: the action has no RunScript/);
  assert.match(fault(env("PATH")), /variable PATH cannot be a secret/);
  assert.match(fault(env("A", "a")), /variable a is given twice/);
  const big = { name: "A", sealed: "A".repeat(21_000) };
  const all = { key: KEY, values: ["A", "B", "C"].map((name) => ({ ...big, name })) };
  assert.match(fault(all), /the values have \d+ bytes together; the maximum is 32768/);
});

test("without its ciphertext an action keeps the names, and has nothing to order", () => {
  const secrets = env("A", "B");
  assert.deepEqual(orderedSecrets(secrets), secrets);
  const dropped = withoutCiphertext(secrets);
  assert.deepEqual(secretNames(dropped), ["A", "B"]);
  assert.equal(orderedSecrets(dropped), undefined);
  assert.equal(orderedSecrets(null), undefined);
  assert.equal(secretNames(null), null);
});
