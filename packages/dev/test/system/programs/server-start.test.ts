import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { freePort } from "../../../src/free-port.ts";
import { Program } from "../../../src/program.ts";
import { ENTRY } from "../../../src/runtimes.ts";

const folder = await mkdtemp(join(tmpdir(), "halligan-start-"));
after(() => rm(folder, { recursive: true, force: true }));

const start = (dataDir: string, env: Record<string, string>) =>
  new Program("server", {
    command: process.execPath,
    args: [ENTRY.server],
    env: { HALLIGAN_DATA_DIR: dataDir, ...env },
  });
const isListening = (line: string) => line.includes('"msg":"listening"');

test("the first start makes keys, database and one administrator, all for their owner only; the second start keeps them", async () => {
  const dataDir = join(folder, "first");
  const env = { HALLIGAN_LISTEN: `127.0.0.1:${await freePort()}` };
  await using first = start(dataDir, env);
  await first.line(isListening);
  assert.equal(await first.stop(), 0);
  const before = await readFile(join(dataDir, "administrator.json"), "utf8");
  assert.equal((await stat(dataDir)).mode & 0o777, 0o700);
  for (const name of [
    "administrator.json",
    "halligan.db",
    "keys/order.pem",
    "keys/access-token.pem",
    "keys/result-link.key",
  ]) {
    assert.equal((await stat(join(dataDir, name))).mode & 0o777, 0o600, name);
  }
  const { clientSecret } = JSON.parse(before);
  assert.ok(typeof clientSecret === "string" && !first.output.includes(clientSecret), "the secret is in no log line");
  await using second = start(dataDir, env);
  await second.line(isListening);
  assert.equal(second.output.includes("administrator created"), false);
  assert.equal(await second.stop(), 0);
  assert.equal(await readFile(join(dataDir, "administrator.json"), "utf8"), before);
});

test("a second server on the same data folder refuses to start and says why; after a kill -9 the next one starts", async () => {
  const dataDir = join(folder, "locked");
  await using first = start(dataDir, { HALLIGAN_LISTEN: `127.0.0.1:${await freePort()}` });
  await first.line(isListening);
  await using second = start(dataDir, { HALLIGAN_LISTEN: `127.0.0.1:${await freePort()}` });
  assert.equal(await second.exited, 1);
  assert.match(second.output, /another halligan-server uses the data folder/);
  first.kill("SIGKILL");
  await first.exited;
  await using third = start(dataDir, { HALLIGAN_LISTEN: `127.0.0.1:${await freePort()}` });
  await third.line(isListening);
  assert.equal(await third.stop(), 0);
});

test("off loopback without TLS it refuses to start and says what to set", async () => {
  await using server = start(join(folder, "open"), { HALLIGAN_LISTEN: "0.0.0.0:1" });
  assert.equal(await server.exited, 78);
  assert.match(server.output, /HALLIGAN_TLS_ENDS_AT_PROXY/);
});

test("an address that is taken, and a wrong argument, end it with a sentence instead of a stack", async () => {
  const port = await freePort();
  await using first = start(join(folder, "taken-1"), { HALLIGAN_LISTEN: `127.0.0.1:${port}` });
  await first.line(isListening);
  await using second = start(join(folder, "taken-2"), { HALLIGAN_LISTEN: `127.0.0.1:${port}` });
  assert.equal(await second.exited, 1);
  assert.match(second.output, /^halligan-server: the address is in use already/m);
  await using third = new Program("server", {
    command: process.execPath,
    args: [ENTRY.server, "--prot", "1"],
    env: {},
  });
  assert.equal(await third.exited, 64);
  assert.match(third.output, /--prot.*see halligan-server --help/);
});
