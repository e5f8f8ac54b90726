import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { announcedSecretKey } from "../../src/identity/secret-key.ts";
import { temporaryFolder } from "../support/agent-process.ts";
import { MACHINE_ID } from "../support/fake-ports.ts";

const identity = { machineId: MACHINE_ID, privateKey: generateKeyPairSync("ed25519").privateKey };

test("an agent without a usable key for secrets says so in its log and announces none", async () => {
  await using folder = await temporaryFolder();
  const errors: string[] = [];
  const log = { info() {}, warn() {}, error: (event: string) => void errors.push(event) };
  const file = path.join(folder.path, "secret-key.pem");
  const first = await announcedSecretKey(folder.path, identity, log);
  assert.deepEqual((await announcedSecretKey(folder.path, identity, log))?.announced, first?.announced);
  assert.deepEqual(errors.splice(0), []);
  for (const text of ["", "no key", String(identity.privateKey.export({ type: "pkcs8", format: "pem" }))]) {
    await writeFile(file, text);
    assert.equal(await announcedSecretKey(folder.path, identity, log), null);
  }
  await rm(file);
  await mkdir(file);
  assert.equal(await announcedSecretKey(folder.path, identity, log), null);
  assert.deepEqual(
    errors,
    Array.from({ length: 4 }, () => "secretKeyMissing"),
  );
});
