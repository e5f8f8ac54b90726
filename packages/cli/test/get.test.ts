import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ACTION_ID } from "./fake-entities.ts";
import { makeWorld } from "./halligan.ts";

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

describe("halligan get", { concurrency: 4 }, () => {
  it("unpacks, hashes, and saves the file for its owner alone", async () => {
    await using world = await makeWorld();
    world.api.script.file = randomBytes(3_000_000);
    const { exitCode, stdout } = await world.run("get", "web-01", "/var/log/auth.log");
    assert.equal(exitCode, 0);
    const saved = join(world.folder, "auth.log");
    assert.deepEqual(await readFile(saved), world.api.script.file);
    assert.equal(stdout, `${saved}  2.9 MiB  SHA-256 ${sha256(world.api.script.file)}\n`);
    if (process.platform !== "win32") assert.equal((await stat(saved)).mode & 0o777, 0o600);
  });

  it("says that the file changed while it was collected, and is done all the same", async () => {
    await using world = await makeWorld();
    world.api.script.commands = [{ status: "Completed", errors: ["Note: the file changed while it was collected."] }];
    const { exitCode, stdout, stderr } = await world.run("get", "web-01", "/var/log/auth.log");
    assert.equal(exitCode, 0);
    assert.match(stdout, /SHA-256/);
    assert.match(stderr, /^GetFile: Note: the file changed while it was collected\.$/m);
  });

  it("does not replace a file, and says so before anything runs on the machine", async () => {
    await using world = await makeWorld();
    await writeFile(join(world.folder, "auth.log"), "mine");
    const { exitCode, stderr } = await world.run("get", "web-01", "/var/log/auth.log");
    assert.equal(exitCode, 73);
    assert.match(stderr, /exists; --force replaces it/);
    assert.equal(world.api.started.length, 0);
    assert.equal(await readFile(join(world.folder, "auth.log"), "utf8"), "mine");
    assert.equal((await world.run("get", "web-01", "/var/log/auth.log", "--force")).exitCode, 0);
    assert.equal(await readFile(join(world.folder, "auth.log"), "utf8"), "content of the file\n");
  });

  it("get, run --get and result refuse a missing folder before anything runs or is waited for", async () => {
    await using world = await makeWorld();
    for (const args of [
      ["get", "web-01", "/var/log/auth.log", "-o", "gone/x"],
      ["run", "web-01", "a.sh", "--get", "/var/log/auth.log", "--output-dir", "gone"],
      ["result", ACTION_ID, "-o", "gone/x"],
    ]) {
      const { exitCode, stderr } = await world.run(...args);
      assert.equal(exitCode, 73);
      assert.match(stderr, /\/gone does not exist\. Make it first: mkdir -p/);
    }
    assert.equal(world.api.started.length, 0);
  });

  it("a hostile name in the answer is not used: the file is called what was asked for", async () => {
    await using world = await makeWorld();
    world.api.script.contentDisposition = 'attachment; filename="..%2F..%2Fevil.gz"';
    assert.equal((await world.run("get", "web-01", "C:\\temp\\report.txt")).exitCode, 0);
    assert.deepEqual(await readdir(world.folder), ["report.txt"]);
  });

  it("a path without a file name needs -o", async () => {
    await using world = await makeWorld();
    const { exitCode, stderr } = await world.run("get", "web-01", "/var/log/..");
    assert.equal(exitCode, 64);
    assert.match(stderr, /-o FILE/);
  });

  it("-o - writes the content alone to standard output", async () => {
    await using world = await makeWorld();
    const { exitCode, stdout, stderr } = await world.run("get", "web-01", "/var/log/auth.log", "-o", "-");
    assert.deepEqual([exitCode, stdout], [0, "content of the file\n"]);
    assert.match(stderr, /SHA-256/);
    assert.deepEqual(await readdir(world.folder), []);
  });

  it("--json has size, hash and where it was saved", async () => {
    await using world = await makeWorld();
    const { stdout } = await world.run("get", "web-01", "/var/log/auth.log", "-o", "here.log", "--json");
    const { results, exitCode } = JSON.parse(stdout);
    assert.equal(exitCode, null);
    assert.deepEqual(results, [
      {
        index: 0,
        type: "GetFile",
        path: "/var/log/auth.log",
        savedAs: join(world.folder, "here.log"),
        sizeBytes: 20,
        sha256: sha256(world.api.script.file),
      },
    ]);
  });

  it("what is not a whole gzip leaves no file behind", async () => {
    await using world = await makeWorld();
    world.api.script.rawFile = Buffer.from("not a gzip at all");
    const { exitCode, stderr } = await world.run("get", "web-01", "/var/log/auth.log");
    assert.equal(exitCode, 65);
    assert.match(stderr, /not a whole gzip/);
    assert.deepEqual(await readdir(world.folder), []);
  });

  it("a small download that unpacks beyond --max-size is stopped and leaves no file behind", async () => {
    await using world = await makeWorld();
    world.api.script.file = Buffer.alloc(20_000_000);
    const { exitCode, stderr } = await world.run("get", "web-01", "/var/log/auth.log", "--max-size", "1M");
    assert.equal(exitCode, 73);
    assert.match(
      stderr,
      new RegExp(`larger than 1\\.0 MiB[^]*keeps its results\\. Fetch them again: halligan result ${ACTION_ID}`),
    );
    assert.deepEqual(await readdir(world.folder), []);
  });

  it("an action started with --no-wait is fetched later with result", async () => {
    await using world = await makeWorld();
    assert.equal((await world.run("get", "web-01", "/var/log/auth.log", "--no-wait")).stdout, `${ACTION_ID}\n`);
    assert.equal((await world.run("result", ACTION_ID)).exitCode, 0);
    assert.deepEqual(await readdir(world.folder), ["auth.log"]);
  });
});
