import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { cp, mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { ConfigError } from "../../../src/config/config.ts";
import { keyFingerprints, loadKeys } from "../../../src/setup/keys/keys.ts";

const root = await mkdtemp(join(tmpdir(), "halligan-keys-"));
after(() => rm(root, { recursive: true, force: true }));

const FILES = ["order.pem", "access-token.pem", "result-link.key", "link-ticket.key"] as const;
const NAMES = {
  "order.pem": "order",
  "access-token.pem": "accessToken",
  "result-link.key": "resultLink",
  "link-ticket.key": "linkTicket",
} as const;
const phased = (file: string, phase: string) => file.replace(".", `-${phase}.`);
let folders = 0;
const newFolder = () => {
  folders += 1;
  return join(root, String(folders));
};
const madeKeys = async () => {
  const folder = newFolder();
  return { folder, keys: await loadKeys({ folder, makes: true }) };
};

test("the first start makes a key for each purpose, for its owner only, and the second one reads the same", async () => {
  const { folder, keys } = await madeKeys();
  for (const file of FILES) assert.equal((await stat(join(folder, file))).mode & 0o777, 0o600, file);
  assert.deepEqual(keyFingerprints(await loadKeys({ folder, makes: true })), keyFingerprints(keys));
});

test("where the folder was set, a key that is missing is named and none is made", async () => {
  for (const file of FILES) {
    const { folder } = await madeKeys();
    await rm(join(folder, file));
    await assert.rejects(loadKeys({ folder, makes: false }), (cause) => {
      assert.ok(cause instanceof ConfigError);
      assert.ok(cause.message.includes(join(folder, file)) && cause.message.includes("HALLIGAN_KEYS_DIR"));
      return true;
    });
    await assert.rejects(stat(join(folder, file)), /ENOENT/);
  }
});

test("a file that holds no key is named, whichever of the three names it has, and nothing of it is repeated", async () => {
  for (const file of FILES) {
    for (const name of [file, phased(file, "next"), phased(file, "previous")]) {
      const { folder } = await madeKeys();
      await writeFile(join(folder, name), "mark3r");
      await assert.rejects(loadKeys({ folder, makes: false }), (cause) => {
        assert.ok(cause instanceof ConfigError, String(cause));
        assert.ok(cause.message.includes(join(folder, name)), cause.message);
        assert.ok(!cause.message.includes("mark3r"));
        return true;
      });
    }
  }
});

test("an order key of another kind is refused: devices check Ed25519", async () => {
  const { folder } = await madeKeys();
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await writeFile(join(folder, "order.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
  await assert.rejects(loadKeys({ folder, makes: false }), /order\.pem is not usable: .*Ed25519/);
});

test("a key next to the one in use, before a rotation or after it, is accepted and does not sign", async () => {
  const [own, other] = [await madeKeys(), await madeKeys()];
  for (const file of FILES) {
    for (const phase of ["next", "previous"]) {
      const folder = newFolder();
      await cp(own.folder, folder, { recursive: true });
      await cp(join(other.folder, file), join(folder, phased(file, phase)));
      const ring = keyFingerprints(await loadKeys({ folder, makes: false }));
      assert.deepEqual(ring.signs, keyFingerprints(own.keys).signs);
      const strangers = ring.accepts.filter((print) => !ring.signs.includes(print));
      const [index] = [FILES.indexOf(file)];
      assert.deepEqual(strangers, [keyFingerprints(other.keys).signs[index]], `${file}, ${phase}`);
    }
  }
});

test("a rotation as it is documented: at each step every node accepts what the others sign with", async () => {
  const [old, fresh] = [await madeKeys(), await madeKeys()];
  const { folder } = old;
  const prints = async () => keyFingerprints(await loadKeys({ folder, makes: false }));
  const steps = [await prints()];
  for (const file of FILES) await cp(join(fresh.folder, file), join(folder, phased(file, "next")));
  steps.push(await prints());
  for (const file of FILES) {
    await rename(join(folder, file), join(folder, phased(file, "previous")));
    await rename(join(folder, phased(file, "next")), join(folder, file));
  }
  steps.push(await prints());
  for (const file of FILES) await rm(join(folder, phased(file, "previous")));
  steps.push(await prints());
  assert.deepEqual(steps.at(-1)?.signs, keyFingerprints(fresh.keys).signs);
  for (const [index, step] of steps.entries()) {
    for (const neighbour of steps.slice(Math.max(0, index - 1), index + 2)) {
      for (const key of step.signs) assert.ok(neighbour.accepts.includes(key), `step ${index}: ${key}`);
    }
  }
});

test("fingerprints are the same for the same keys, differ for others, and hold nothing of a secret", async () => {
  const [one, other] = [await madeKeys(), await madeKeys()];
  const [prints, others] = [keyFingerprints(one.keys), keyFingerprints(other.keys)];
  assert.equal(new Set([...prints.signs, ...others.signs]).size, 2 * FILES.length);
  const text = JSON.stringify(prints);
  for (const file of ["result-link.key", "link-ticket.key"]) {
    const secret = await readFile(join(one.folder, file));
    for (const encoding of ["hex", "base64", "base64url"] as const) {
      for (let at = 0; at + 8 <= secret.length; at += 1) {
        assert.ok(
          !text.includes(
            secret
              .subarray(at, at + 8)
              .toString(encoding)
              .slice(0, 10),
          ),
          `${file} as ${encoding}`,
        );
      }
    }
  }
  // Two purposes with one key have two fingerprints, so that a reader cannot see that they are the
  // same.
  const shared = randomBytes(32);
  for (const file of ["result-link.key", "link-ticket.key"]) await writeFile(join(one.folder, file), shared);
  const [, , link, ticket] = keyFingerprints(await loadKeys({ folder: one.folder, makes: false })).signs;
  assert.notEqual(link?.split(" ")[1], ticket?.split(" ")[1]);
  // The recovery key signs nothing that a node has to accept, so nodes do not compare it.
  assert.deepEqual(Object.keys(one.keys).sort(), [...Object.values(NAMES), "recoveryFile"].sort());
});
