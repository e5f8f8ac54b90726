import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { ConfigError, type Environment, readConfig } from "../../../src/config/config.ts";
import { SECRET_SETTINGS } from "../../../src/config/secret-settings.ts";
import { readSecrets } from "../../../src/config/secrets.ts";
import { readBackendSettings } from "../../../src/setup/backend-settings.ts";

const folder = await mkdtemp(join(tmpdir(), "halligan-secrets-"));
after(() => rm(folder, { recursive: true, force: true }));

const refusal = async (work: () => Promise<unknown>): Promise<string> => {
  try {
    await work();
  } catch (cause) {
    assert.ok(cause instanceof ConfigError, String(cause));
    return cause.message;
  }
  throw new Error("it was not refused");
};
const engines = async (env: Environment) =>
  readBackendSettings(readConfig({ HALLIGAN_DATA_DIR: folder, ...env }), await readSecrets(env));

test("each secret comes from the environment or from a file, whose last newline does not count", async () => {
  for (const name of SECRET_SETTINGS) {
    const file = join(folder, name);
    await writeFile(file, "a secret\n");
    assert.deepEqual(await readSecrets({ [`${name}_FILE`]: file }), { [name]: "a secret" });
    assert.deepEqual(await readSecrets({ [name]: "a secret" }), { [name]: "a secret" });
    readConfig({ HALLIGAN_DATA_DIR: folder, [name]: "a secret", [`${name}_FILE`]: file });
  }
  assert.deepEqual(await readSecrets({}), {});
});

test("a secret that is given twice, is empty, too long or not readable is refused with the setting's name", async () => {
  const [empty, long] = [join(folder, "empty"), join(folder, "long")];
  await writeFile(empty, "\n");
  await writeFile(long, "x".repeat(65 * 1024));
  for (const name of SECRET_SETTINGS) {
    const both = { [name]: "a", [`${name}_FILE`]: empty };
    assert.match(await refusal(() => readSecrets(both)), new RegExp(`${name} and ${name}_FILE are both set`));
    assert.match(await refusal(() => readSecrets({ [name]: "" })), new RegExp(`${name} is empty`));
    assert.match(await refusal(() => readSecrets({ [`${name}_FILE`]: empty })), new RegExp(`${name} is empty`));
    assert.match(await refusal(() => readSecrets({ [`${name}_FILE`]: long })), new RegExp(`${name}_FILE is longer`));
    const missing = { [`${name}_FILE`]: join(folder, "nowhere") };
    assert.match(await refusal(() => readSecrets(missing)), new RegExp(`${name}_FILE could not be read: ENOENT`));
  }
});

test("without any engine a node has its own disk and memory", async () => {
  const own = await engines({});
  assert.deepEqual(
    [own.database, own.bus, own.blobs.location, own.metricsToken],
    [null, null, { kind: "folder", folder: join(folder, "blobs") }, null],
  );
});

test("the engines of a cluster are read, and passwords leave their URLs", async () => {
  const read = await engines({
    HALLIGAN_DATABASE_URL: "postgres://halligan:p%40ss%25@db.example:5432/halligan?sslmode=verify-full",
    HALLIGAN_BUS_URL: "tls://bus:s%40cret@n1.example:4222,tls://n2.example:4222",
    HALLIGAN_BLOBS: "s3://evidence/halligan?region=eu-central-1",
    HALLIGAN_S3_ACCESS_KEY_ID: "id",
    HALLIGAN_S3_SECRET_ACCESS_KEY: "key",
    HALLIGAN_METRICS_TOKEN: "token",
  });
  assert.deepEqual(read.database, {
    url: "postgres://halligan@db.example:5432/halligan?sslmode=verify-full",
    password: "p@ss%",
  });
  assert.deepEqual(read.bus, {
    servers: ["tls://n1.example:4222", "tls://n2.example:4222"],
    credentials: { kind: "password", user: "bus", password: "s@cret" },
  });
  assert.equal(read.blobs.location.kind, "s3");
  assert.deepEqual(read.blobs.credentials, { s3AccessKeyId: "id", s3SecretAccessKey: "key" });
  assert.equal(read.metricsToken, "token");
});

const SECRET = "mark3r";
const MISTAKES: [Environment, RegExp][] = [
  [{ HALLIGAN_DATABASE_URL: `mysql://u:${SECRET}@h/d` }, /HALLIGAN_DATABASE_URL must be postgres:/],
  [{ HALLIGAN_DATABASE_URL: `postgres://u:${SECRET}@h:5432` }, /HALLIGAN_DATABASE_URL must be postgres:/],
  [{ HALLIGAN_DATABASE_URL: `u:${SECRET}@h/d` }, /HALLIGAN_DATABASE_URL must be postgres:/],
  [{ HALLIGAN_DATABASE_URL: `postgres://u:${SECRET}%@h/d` }, /HALLIGAN_DATABASE_URL: a % .*%25/],
  [
    { HALLIGAN_DATABASE_URL: `postgres://u@h/d?password=${SECRET}` },
    /HALLIGAN_DATABASE_URL: put the password before the host/,
  ],
  [{ HALLIGAN_BUS_URL: `http://u:${SECRET}@h:4222` }, /HALLIGAN_BUS_URL must be nats:/],
  [{ HALLIGAN_BUS_URL: `nats://u:${SECRET}%@h:4222` }, /HALLIGAN_BUS_URL: a % .*%25/],
  [{ HALLIGAN_BUS_URL: `nats://:${SECRET}@h:4222` }, /HALLIGAN_BUS_URL has a password and no user/],
  [
    { HALLIGAN_BUS_URL: `nats://a:4222,nats://u:${SECRET}@b:4222` },
    /HALLIGAN_BUS_URL: put the credentials into the first URL/,
  ],
  [{ HALLIGAN_BUS_URL: `nats://u:${SECRET}@a:4222,` }, /HALLIGAN_BUS_URL must be nats:/],
  [{ HALLIGAN_BUS_CREDS: SECRET }, /HALLIGAN_BUS_CREDS is set, and HALLIGAN_BUS_URL is not/],
  [
    { HALLIGAN_BUS_URL: `nats://u:${SECRET}@h`, HALLIGAN_BUS_CREDS: SECRET },
    /HALLIGAN_BUS_URL has cred.*HALLIGAN_BUS_CREDS/,
  ],
  [{ HALLIGAN_DATABASE_URL: `postgres://u:${SECRET}@h/d` }, /needs TLS: add sslmode=verify-full/],
  [{ HALLIGAN_DATABASE_URL: `postgres://u:${SECRET}@h/d?sslmode=prefer` }, /needs TLS: add sslmode=verify-full/],
  [{ HALLIGAN_DATABASE_URL: `postgres://u:${SECRET}@127.0.0.1/d?host=h` }, /needs TLS: add sslmode=verify-full/],
  [{ HALLIGAN_BUS_URL: `nats://u:${SECRET}@h:4222` }, /HALLIGAN_BUS_URL: .* needs TLS: write tls:/],
  [{ HALLIGAN_BUS_URL: `tls://${SECRET}:4222` }, /HALLIGAN_BUS_URL: .* NATS must know its clients: put user:password@/],
  [{ HALLIGAN_BLOBS: `s3://key:${SECRET}@bucket?region=x` }, /HALLIGAN_BLOBS: it must not hold credentials/],
  [{ HALLIGAN_BLOBS: `gs://bucket/${SECRET}` }, /HALLIGAN_BLOBS: there is no gs:/],
];

for (const env of [
  { HALLIGAN_DATABASE_URL: "postgres://u@127.0.0.1/d" },
  { HALLIGAN_DATABASE_URL: "postgres://u@[::1]:5432/d" },
  { HALLIGAN_DATABASE_URL: "postgres://u@localhost/d?host=/run/postgresql" },
  { HALLIGAN_DATABASE_URL: "postgres://u@%2Frun%2Fpostgresql/d" },
  { HALLIGAN_DATABASE_URL: "postgres://u@h/d?sslmode=require" },
  { HALLIGAN_BUS_URL: "nats://127.0.0.1:4222,nats://[::1]:4222" },
  { HALLIGAN_BUS_URL: "tls://h:4222", HALLIGAN_BUS_CREDS: "creds" },
  { HALLIGAN_BUS_URL: "tls://token@h:4222" },
]) {
  test(`on this machine no TLS is needed, on others it is enough: ${Object.values(env)[0]}`, async () => {
    await engines(env);
  });
}

test("each mistake is named by its setting, and no message repeats what may be a secret", async () => {
  for (const [env, wanted] of MISTAKES) {
    const message = await refusal(() => engines(env));
    assert.match(message, wanted);
    assert.ok(!message.includes(SECRET), message);
  }
});

test("a host with a stray % is refused by the name of its setting", async () => {
  await assert.rejects(engines({ HALLIGAN_DATABASE_URL: "postgres://%/x" }), (cause: unknown) => {
    return cause instanceof ConfigError && cause.message.includes("HALLIGAN_DATABASE_URL");
  });
});

test("whatever is set, a refusal names a setting and holds nothing of its value", async () => {
  const part = fc.constantFrom(
    "postgres://",
    "nats://",
    "s3://",
    "u:",
    "%",
    "@",
    ":",
    "/",
    "?password=",
    ",",
    "h",
    "[",
    " ",
    SECRET,
  );
  const value = fc.array(part, { maxLength: 8 }).map((parts) => parts.join("") + SECRET);
  const name = fc.constantFrom("HALLIGAN_DATABASE_URL", "HALLIGAN_BUS_URL", "HALLIGAN_BLOBS");
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(name, value, async (setting, text) => {
      try {
        // The scheme before :// is the kind of store, so the message contains it.
        const { database } = await engines({ [setting]: setting === "HALLIGAN_BLOBS" ? `s3://${text}` : text });
        assert.ok(database === null || !/:[^/@]*mark3r[^/]*@/.test(database.url), "no password is left in the URL");
      } catch (cause) {
        if (!(cause instanceof ConfigError)) throw cause;
        refused += 1;
        assert.ok(cause.message.includes(setting), cause.message);
        assert.ok(!cause.message.includes(SECRET), cause.message);
      }
    }),
    { numRuns: 1_000 },
  );
  assert.ok(refused > 100, "most of such texts are mistakes");
});
