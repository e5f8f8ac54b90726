import assert from "node:assert/strict";
import { chmod, mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, it } from "node:test";
import { makeWorld, type World } from "./halligan.ts";

const HAS_MODES = process.platform !== "win32";

async function logIn(world: World, ...more: string[]) {
  return world.call(["login", "--server", world.api.url, "--client-id", "app-1", ...more], { stdin: "the secret\n" });
}

describe("halligan login", { concurrency: 4 }, () => {
  it("keeps a checked profile in a file of 0600 in a folder of 0700, and later commands use it", async () => {
    await using world = await makeWorld();
    const { exitCode, stdout, stderr } = await logIn(world);
    assert.equal(exitCode, 0, stderr);
    assert.equal(`${stdout}${stderr}`.includes("the secret"), false);
    if (HAS_MODES) {
      assert.equal((await stat(world.configFile)).mode & 0o777, 0o600);
      assert.equal((await stat(dirname(world.configFile))).mode & 0o777, 0o700);
    }
    const machines = await world.call(["machines"]);
    assert.equal(machines.exitCode, 0, machines.stderr);
    assert.match(machines.stdout, /^MACHINE +ID +HEALTH .*\nweb-01 +a{40} +Active /);
  });

  it("reads the credentials file that the server wrote", async () => {
    await using world = await makeWorld();
    const { url, clientId, clientSecret } = world.api;
    const credentials = { baseUrl: url, tokenUrl: `${url}/t/oauth2/v2.0/token`, tenant: "t", clientId, clientSecret };
    await writeFile(join(world.folder, "admin.json"), JSON.stringify(credentials));
    const { exitCode, stdout } = await world.call(["login", "--from", "admin.json", "--profile", "lab", "--json"]);
    assert.equal(exitCode, 0);
    assert.deepEqual(JSON.parse(stdout), { profile: { name: "lab", baseUrl: url, clientId, file: world.configFile } });
    const unnamed = await world.call(["machines"]);
    assert.equal(unnamed.exitCode, 78);
    assert.match(unnamed.stderr, /no profile "default".*Known: lab/);
    assert.equal((await world.call(["machines"], { variables: { HALLIGAN_PROFILE: "lab" } })).exitCode, 0);
  });

  it("removes the file of --from once the profile is kept, not before, and not with --keep-file", async () => {
    await using world = await makeWorld();
    const { url, clientId, clientSecret } = world.api;
    const file = join(world.folder, "admin.json");
    const write = (secret: string) => {
      const tokenUrl = `${url}/t/oauth2/v2.0/token`;
      const credentials = { baseUrl: url, tokenUrl, tenant: "t", clientId, clientSecret: secret };
      return writeFile(file, JSON.stringify(credentials));
    };
    await write("wrong");
    assert.equal((await world.call(["login", "--from", "admin.json"])).exitCode, 77);
    await write(clientSecret);
    assert.equal((await world.call(["login", "--from", "admin.json", "--keep-file"])).exitCode, 0);
    const { exitCode, stderr } = await world.call(["login", "--from", "admin.json"]);
    assert.equal(exitCode, 0, stderr);
    await assert.rejects(stat(file), { code: "ENOENT" });
    assert.equal((await world.call(["machines"])).exitCode, 0);
  });

  it("sends nothing over plain HTTP to another computer, unless --allow-plain-http was given", async () => {
    await using world = await makeWorld();
    const { url, clientId, clientSecret } = world.api;
    // Leads to this computer, and does not say so.
    const elsewhere = url.replace("127.0.0.1", "0.0.0.0");
    const variables = { HALLIGAN_URL: elsewhere, HALLIGAN_CLIENT_ID: clientId, HALLIGAN_CLIENT_SECRET: clientSecret };
    const profile = { baseUrl: elsewhere, tokenUrl: `${elsewhere}/t/oauth2/v2.0/token`, clientId, clientSecret };
    await writeFile(join(world.folder, "admin.json"), JSON.stringify({ ...profile, tenant: "t" }));
    await mkdir(dirname(world.configFile), { mode: 0o700 });
    const former = { version: 1, profiles: { default: profile } };
    await writeFile(world.configFile, JSON.stringify(former), { mode: 0o600 });
    const ways: [string[], Record<string, string>][] = [
      [["machines"], {}],
      [["machines"], variables],
      [["login", "--server", elsewhere, "--client-id", clientId], {}],
      [["login", "--from", "admin.json"], {}],
    ];
    for (const [words, given] of ways) {
      const options = { variables: given, stdin: `${clientSecret}\n` };
      const refused = await world.call(words, options);
      assert.equal(refused.exitCode, 78, refused.stderr);
      assert.match(refused.stderr, /http:\/\/0\.0\.0\.0:\d+ is not https.*--allow-plain-http/);
    }
    assert.deepEqual(world.api.seen, []);
    const allowed = await world.call(["login", "--from", "admin.json", "--allow-plain-http"]);
    assert.equal(allowed.exitCode, 0, allowed.stderr);
    assert.equal((await world.call(["machines"])).exitCode, 0, "the profile knows what was allowed");
  });

  it("refuses an environment that turns the check of certificates off, before anything is sent", async () => {
    await using world = await makeWorld();
    await logIn(world);
    const seen = world.api.seen.length;
    const { exitCode, stderr } = await world.call(["machines"], { variables: { NODE_TLS_REJECT_UNAUTHORIZED: "0" } });
    assert.equal(exitCode, 78);
    assert.match(stderr, /NODE_TLS_REJECT_UNAUTHORIZED=0 turns the check of certificates off.*--ca FILE/);
    assert.equal(world.api.seen.length, seen);
  });

  it("a wrong secret is said and nothing is kept", async () => {
    await using world = await makeWorld();
    world.api.clientSecret = "another";
    const { exitCode, stderr } = await logIn(world);
    assert.equal(exitCode, 77);
    assert.match(stderr, /wrong secret/);
    await assert.rejects(readFile(world.configFile), { code: "ENOENT" });
  });

  it("refuses a profile file that others can read, and says how to fix it", { skip: !HAS_MODES }, async () => {
    await using world = await makeWorld();
    await logIn(world);
    await chmod(world.configFile, 0o640);
    const { exitCode, stderr } = await world.call(["machines"]);
    assert.equal(exitCode, 78);
    assert.match(stderr, /chmod 600 /);
    assert.equal(world.api.seen.includes("GET /api/machines"), false);
  });

  it("a folder in which others can swap the file is refused", { skip: !HAS_MODES }, async () => {
    await using world = await makeWorld();
    await logIn(world);
    await chmod(dirname(world.configFile), 0o777);
    const { exitCode, stderr } = await world.call(["machines"]);
    assert.equal(exitCode, 78);
    assert.match(stderr, /chmod 700 /);
  });

  it("a secret is not taken as an argument and not repeated", async () => {
    await using world = await makeWorld();
    for (const typed of [["--client-secret", "hunter2"], ["--client-secret=hunter2"]]) {
      const { exitCode, stderr } = await world.call(["login", "--server", world.api.url, "--client-id", "a", ...typed]);
      assert.equal(exitCode, 64);
      assert.match(stderr, /--secret-file FILE/);
      assert.equal(stderr.includes("hunter2"), false);
    }
  });

  it("without any credentials the message says how to start", async () => {
    await using world = await makeWorld();
    const { exitCode, stderr } = await world.call(["machines"]);
    assert.equal(exitCode, 78);
    assert.match(stderr, /halligan login --from/);
  });
});
