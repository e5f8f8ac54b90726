import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmod, chown, cp, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { CertificateMaker } from "../../../../server/test/support/certificates.ts";
import { freePort } from "../../../src/free-port.ts";
import { Program } from "../../../src/program.ts";
import { ENTRY } from "../../../src/runtimes.ts";

const folder = await mkdtemp(join(tmpdir(), "halligan open modes-"));
after(() => rm(folder, { recursive: true, force: true }));
const skip = process.platform === "win32" ? "files have no modes on Windows" : false;

const isListening = (line: string) => line.includes('"msg":"listening"');
const server = (env: Record<string, string>, args: readonly string[] = []) =>
  new Program("server", { command: process.execPath, args: [ENTRY.server, ...args], env });
/** The output of a start that is refused; fails when the server starts instead. */
async function refusalOf(env: Record<string, string>, args: readonly string[] = []): Promise<string> {
  await using program = server(env, args);
  // A start that is refused ends without the line, which rejects the wait for it.
  const hasStarted = await program.line(isListening).then(
    () => true,
    () => false,
  );
  assert.equal(hasStarted, false, "the server must refuse to start");
  assert.equal(await program.exited, 78);
  return program.output;
}
/** The lines for a shell in a message. */
const remedies = (output: string) => output.split("\n").filter((line) => line.startsWith("  chmod "));

test("an open data folder, database, key and credentials file are refused at the start; the printed lines close them", {
  skip,
}, async () => {
  const dataDir = join(folder, "data");
  const env = { HALLIGAN_DATA_DIR: dataDir, HALLIGAN_LISTEN: `127.0.0.1:${await freePort()}` };
  await using first = server(env);
  await first.line(isListening);
  await first.stop();
  const opened: [string, number, string][] = [
    [dataDir, 0o755, "700"],
    [join(dataDir, "keys"), 0o711, "700"],
    [join(dataDir, "keys", "order.pem"), 0o644, "600"],
    [join(dataDir, "administrator.json"), 0o640, "600"],
    [join(dataDir, "halligan.db"), 0o604, "600"],
  ];
  for (const [path, mode] of opened) await chmod(path, mode);
  const before = await readdir(dataDir);

  const refused = await refusalOf(env);
  assert.deepEqual(
    remedies(refused),
    opened.map(([path, , closed]) => `  chmod ${closed} '${path}'`),
  );
  assert.match(refused, /order\.pem \(mode 0644\)/);
  assert.deepEqual(await readdir(dataDir), before, "a refused start leaves nothing behind");
  const reset = await refusalOf(env, ["admin", "reset"]);
  assert.equal(remedies(reset).length, opened.length);

  execFileSync("sh", ["-euc", remedies(refused).join("\n")]);
  await using again = server(env);
  await again.line(isListening);
  // Every file that a server makes is closed, whatever the mask of its caller.
  for (const name of await readdir(dataDir, { recursive: true })) {
    assert.equal((await stat(join(dataDir, name))).mode & 0o077, 0, name);
  }
});

test("an open key of the certificate is refused at the start and not loaded while the server runs; a group may read root's", {
  skip,
}, async () => {
  const { certFile, keyFile } = new CertificateMaker(folder).selfSigned();
  const env = {
    HALLIGAN_DATA_DIR: join(folder, "tls"),
    HALLIGAN_LISTEN: `127.0.0.1:${await freePort()}`,
    HALLIGAN_TLS_CERT_FILE: certFile,
    HALLIGAN_TLS_KEY_FILE: keyFile,
  };
  const closed = process.geteuid?.() === 0 ? "640" : "600";
  await chmod(keyFile, 0o644);
  const refused = await refusalOf(env);
  assert.deepEqual(remedies(refused), [`  chmod ${closed} '${keyFile}'`]);

  await chmod(keyFile, closed === "640" ? 0o640 : 0o600);
  await using running = server(env);
  await running.line(isListening);
  await chmod(keyFile, 0o666);
  running.kill("SIGHUP");
  assert.match(await running.line((line) => line.includes("certificate not reloaded")), /mode 0666.*chmod/);
});

test("given keys are refused when others can read or replace them, and root's may be read by a group", {
  skip,
}, async () => {
  const env = { HALLIGAN_DATA_DIR: join(folder, "first"), HALLIGAN_LISTEN: `127.0.0.1:${await freePort()}` };
  await using first = server(env);
  await first.line(isListening);
  await first.stop();
  const keysDir = join(folder, "given keys");
  await cp(join(folder, "first", "keys"), keysDir, { recursive: true });
  const given = { ...env, HALLIGAN_KEYS_DIR: keysDir };
  await chmod(keysDir, 0o777);
  await chmod(join(keysDir, "access-token.pem"), 0o644);
  const refused = await refusalOf(given);
  const closed = process.geteuid?.() === 0 ? "640" : "600";
  assert.deepEqual(remedies(refused), [
    `  chmod 755 '${keysDir}'`,
    `  chmod ${closed} '${join(keysDir, "access-token.pem")}'`,
  ]);
  execFileSync("sh", ["-euc", remedies(refused).join("\n")]);
  if (process.geteuid?.() === 0) {
    await chown(join(keysDir, "order.pem"), 65_534, 65_534);
    await chmod(join(keysDir, "order.pem"), 0o640);
    const foreign = await refusalOf(given);
    assert.deepEqual(remedies(foreign), [`  chmod 600 '${join(keysDir, "order.pem")}'`]);
    await chown(join(keysDir, "order.pem"), 0, 0);
  }
  await using running = server(given);
  await running.line(isListening);
});
