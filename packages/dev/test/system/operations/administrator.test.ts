import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chown, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { CredentialsFile } from "@halligan/protocol/api";
import { ApiError, createClient, TokenError } from "@halligan/protocol/client";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { until } from "../../../../protocol/test/support/until.ts";
import { openTestPostgres } from "../../../../server/test/support/postgres-databases.ts";
import { freePort } from "../../../src/free-port.ts";
import { Program } from "../../../src/program.ts";
import { ENTRY } from "../../../src/runtimes.ts";

const postgres = await openTestPostgres();
const folder = await mkdtemp(join(tmpdir(), "halligan-administrator-"));
after(() => rm(folder, { recursive: true, force: true }));

const run = (args: readonly string[], env: Record<string, string>) =>
  new Program("server", { command: process.execPath, args: [ENTRY.server, ...args], env });
const isListening = (line: string) => line.includes('"msg":"listening"');
const fileIn = (dataDir: string) => join(dataDir, "administrator.json");
const exists = (file: string) =>
  stat(file).then(
    () => true,
    () => false,
  );
const read = async (dataDir: string): Promise<CredentialsFile> =>
  Value.Parse(CredentialsFile, JSON.parse(await readFile(fileIn(dataDir), "utf8")));
const auditOf = async ({ baseUrl, tokenUrl, clientId, clientSecret }: CredentialsFile) => {
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: clientSecret,
    scope: `${baseUrl}/.default`,
  });
  const { access_token: token } = Value.Parse(Token, await (await fetch(tokenUrl, { method: "POST", body })).json());
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${baseUrl}/halligan/v1/audit?operation=ResetAdministrator`, { headers });
  return Value.Parse(Records, await answer.json()).value;
};
const Token = Type.Object({ access_token: Type.String() });
const Records = Type.Object({
  value: Type.Array(Type.Object({ actor: Type.String(), detail: Type.Record(Type.String(), Type.Unknown()) })),
});

const worksWith = async (credentials: CredentialsFile): Promise<boolean> => {
  const client = createClient({ baseUrl: credentials.baseUrl, credentials });
  try {
    await client.verifyCredentials({});
    return true;
  } catch (error) {
    if (error instanceof TokenError) return false;
    throw error;
  }
};

/** A token that was checked is taken as valid for five seconds more. */
async function refusedSoon(call: () => Promise<unknown>): Promise<void> {
  await until(async () => {
    try {
      await call();
      return false;
    } catch (error) {
      assert.ok(error instanceof TokenError || error instanceof ApiError, String(error));
      return true;
    }
  }, "the refusal of the token");
}

test("a first start that fails over a busy port, a key or a setting makes no administrator", async () => {
  const dataDir = join(folder, "failed");
  const port = await freePort();
  const listen = `127.0.0.1:${port}`;
  const holder = createServer().listen(port, "127.0.0.1");
  try {
    const busy = run([], { HALLIGAN_DATA_DIR: dataDir, HALLIGAN_LISTEN: listen, HALLIGAN_PUBLIC_URL: "https://wrong" });
    assert.equal(await busy.exited, 1);
  } finally {
    holder.close();
  }
  const [cert, key] = [join(folder, "no.crt"), join(folder, "no.key")];
  await writeFile(cert, "no certificate");
  await writeFile(key, "no key");
  const tls = { HALLIGAN_TLS_CERT_FILE: cert, HALLIGAN_TLS_KEY_FILE: key };
  const wrongKey = run([], { HALLIGAN_DATA_DIR: dataDir, HALLIGAN_LISTEN: listen, ...tls });
  assert.equal(await wrongKey.exited, 78);
  const noIssuers = run([], {
    HALLIGAN_DATA_DIR: dataDir,
    HALLIGAN_LISTEN: listen,
    HALLIGAN_OIDC_ISSUERS_FILE: join(folder, "missing.json"),
  });
  assert.equal(await noIssuers.exited, 78);
  assert.deepEqual(
    (await readdir(dataDir)).filter((name) => name.startsWith("administrator.json")),
    [],
  );
  await using right = run([], { HALLIGAN_DATA_DIR: dataDir, HALLIGAN_LISTEN: listen });
  await right.line(isListening);
  const credentials = await read(dataDir);
  assert.equal(credentials.baseUrl, `http://${listen}`);
  assert.ok(await worksWith(credentials));
});

test("the file names the public URL of the last start, and a file that was moved away is not made again", async () => {
  const dataDir = join(folder, "moved");
  const first = `127.0.0.1:${await freePort()}`;
  const server = run([], { HALLIGAN_DATA_DIR: dataDir, HALLIGAN_LISTEN: first });
  await server.line(isListening);
  await server.stop();
  const before = await read(dataDir);
  const second = `127.0.0.1:${await freePort()}`;
  {
    await using again = run([], { HALLIGAN_DATA_DIR: dataDir, HALLIGAN_LISTEN: second });
    await again.line(isListening);
    const credentials = await read(dataDir);
    assert.deepEqual([credentials.baseUrl, credentials.clientSecret], [`http://${second}`, before.clientSecret]);
    assert.ok(credentials.tokenUrl.startsWith(`http://${second}/`));
    assert.equal((await stat(fileIn(dataDir))).mode & 0o777, 0o600);
    assert.ok(await worksWith(credentials));
  }
  await rm(fileIn(dataDir));
  await using third = run([], { HALLIGAN_DATA_DIR: dataDir, HALLIGAN_LISTEN: second });
  await third.line(isListening);
  assert.equal(await exists(fileIn(dataDir)), false);
});

test("a start that was killed between the commit and the file's name finishes the file at the next one", async () => {
  const dataDir = join(folder, "torn");
  const env = { HALLIGAN_DATA_DIR: dataDir, HALLIGAN_LISTEN: `127.0.0.1:${await freePort()}` };
  const first = run([], env);
  await first.line(isListening);
  await first.stop();
  const pending = `${fileIn(dataDir)}.pending`;
  await rename(fileIn(dataDir), pending);
  {
    await using second = run([], env);
    await second.line(isListening);
    assert.ok(await worksWith(await read(dataDir)));
    assert.equal(await exists(pending), false);
  }
  // Killed before the commit: the application of the file does not exist.
  const credentials = await read(dataDir);
  const absent = JSON.stringify({ ...credentials, clientId: "11111111-1111-4111-8111-111111111111" });
  await writeFile(pending, absent, { mode: 0o600 });
  await using third = run([], env);
  await third.line(isListening);
  assert.deepEqual([await exists(pending), await read(dataDir)], [false, credentials]);
});

const databases = ["sqlite", "postgres"] as const;

for (const kind of databases) {
  const skip = kind === "postgres" && typeof postgres === "string" ? postgres : false;
  test(`${kind}: admin reset replaces the administrator while the server runs and while it is stopped`, {
    skip,
  }, async () => {
    const dataDir = join(folder, `reset-${kind}`);
    await using database = kind === "postgres" && typeof postgres !== "string" ? await postgres.createDatabase() : null;
    const settings: Record<string, string> = {
      HALLIGAN_DATA_DIR: dataDir,
      ...(database && { HALLIGAN_DATABASE_URL: database.url }),
    };
    const env = { ...settings, HALLIGAN_LISTEN: `127.0.0.1:${await freePort()}` };
    await using server = run([], env);
    await server.line(isListening);
    const first = await read(dataDir);
    const other = createClient({ baseUrl: first.baseUrl, credentials: first });
    await other.listMachines({});
    await rm(fileIn(dataDir));

    const reset = run(["admin", "reset"], settings);
    assert.equal(await reset.exited, 0, reset.output);
    assert.ok(reset.output.includes(fileIn(dataDir)));
    const second = await read(dataDir);
    assert.equal((await stat(fileIn(dataDir))).mode & 0o777, 0o600);
    assert.ok(!reset.output.includes(second.clientSecret), "the secret is not printed");
    assert.ok(!server.output.includes(second.clientSecret));
    assert.equal(second.baseUrl, first.baseUrl, "the URL is the running server's, not that of the command's settings");
    assert.ok(await worksWith(second));
    assert.equal(await worksWith(first), false, "the former secret");
    await refusedSoon(() => other.listMachines({}));

    assert.equal(await server.stop(), 0);
    const shown = run(["admin", "reset", "--show-secret"], settings);
    assert.equal(await shown.exited, 0, shown.output);
    const third = await read(dataDir);
    assert.ok(shown.output.includes(third.clientSecret));
    await using again = run([], env);
    await again.line(isListening);
    assert.deepEqual([await worksWith(third), await worksWith(second)], [true, false]);
    const records = await auditOf(third);
    assert.deepEqual(
      records.map(({ detail }) => [detail.clientId, detail.removedClientId]),
      [
        [third.clientId, second.clientId],
        [second.clientId, first.clientId],
      ],
    );
    assert.match(records[0]?.actor ?? "", /^halligan-server admin reset by /);
    assert.ok(!JSON.stringify(records).includes(third.clientSecret));
  });
}

test("admin reset refuses where there is no deployment, or as another user than the data folder's, and says what to do", async () => {
  const none = run(["admin", "reset"], { HALLIGAN_DATA_DIR: join(folder, "none") });
  assert.equal(await none.exited, 78);
  assert.match(none.output, /there is no database in .*HALLIGAN_DATA_DIR/);
  if (process.geteuid?.() === 0) {
    const foreign = join(folder, "foreign");
    await mkdir(foreign);
    await writeFile(join(foreign, "halligan.db"), "");
    await chown(foreign, 65_534, 65_534);
    const refused = run(["admin", "reset"], { HALLIGAN_DATA_DIR: foreign });
    assert.equal(await refused.exited, 78);
    assert.match(refused.output, /belongs to the user with id 65534.*sudo -u '#65534' halligan-server admin reset/);
  }
  const unknown = run(["admin", "rest"], { HALLIGAN_DATA_DIR: join(folder, "none") });
  assert.equal(await unknown.exited, 64);
  assert.match(unknown.output, /halligan-server admin reset/);
  const misplaced = run(["--show-secret"], { HALLIGAN_DATA_DIR: join(folder, "none") });
  assert.equal(await misplaced.exited, 64);
  assert.match(misplaced.output, /belongs to halligan-server admin reset/);
});

test("two resets at once leave a file that works", async () => {
  const dataDir = join(folder, `twice-${randomBytes(3).toString("hex")}`);
  const env = { HALLIGAN_DATA_DIR: dataDir, HALLIGAN_LISTEN: `127.0.0.1:${await freePort()}` };
  await using server = run([], env);
  await server.line(isListening);
  const resets = [1, 2, 3].map(() => run(["admin", "reset"], { HALLIGAN_DATA_DIR: dataDir }));
  for (const reset of resets) assert.equal(await reset.exited, 0, reset.output);
  assert.ok(await worksWith(await read(dataDir)));
});
