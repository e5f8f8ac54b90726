import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { KeptScripts } from "../../src/commands/kept-scripts.ts";
import { fetchScript } from "../../src/commands/scripts/fetch-script.ts";
import { DEFAULT_SETTINGS } from "../../src/settings.ts";
import { commandWorld } from "../support/command-world.ts";
import { run, type World } from "../support/scripts.ts";

const options = { timeout: 30_000, skip: process.platform === "win32" ? "needs a POSIX shell" : false };

function fileOf(bytes: Uint8Array) {
  return { sha256: createHash("sha256").update(bytes).digest("hex"), sizeBytes: bytes.length };
}

function countRequests(world: World): () => number {
  let requests = 0;
  world.server.intercept = () => {
    requests += 1;
    return false;
  };
  return () => requests;
}

test(
  "a script is fetched once, and its pinned bytes run again whatever a script did to its file",
  options,
  async () => {
    await using world = await commandWorld();
    const requests = countRequests(world);
    const text = 'cat "$0"; echo "echo evil" > "$0"\n';
    for (let times = 0; times < 3; times++) assert.equal((await run(world, text)).transcript?.script_output, text);
    assert.equal(requests(), 1);
    assert.equal((await run(world, "echo other\n")).transcript?.script_output, "other\n");
    assert.equal(requests(), 2);
    const file = path.join(world.folder.scripts, "1-0", "a.sh");
    writeFileSync(file, "echo evil\n");
    assert.equal((await run(world, text)).transcript?.script_output, text);
    assert.equal(readFileSync(file, "utf8"), "echo evil\n");
  },
);

test("a script larger than what is kept is fetched each time", options, async () => {
  await using world = await commandWorld();
  const requests = countRequests(world);
  const text = `echo hello; exit\n${"#".repeat(DEFAULT_SETTINGS.maxKeptScriptBytes)}`;
  for (let times = 0; times < 2; times++) assert.equal((await run(world, text)).transcript?.script_output, "hello\n");
  assert.equal(requests(), 2);
});

test(
  "within one order a larger one is copied from the earlier command, unless a script changed it",
  options,
  async () => {
    await using world = await commandWorld();
    const requests = countRequests(world);
    const text = `exit\n${"#".repeat(DEFAULT_SETTINGS.maxKeptScriptBytes)}`;
    const file = world.server.addFile(text);
    const never = new AbortController().signal;
    const command = (index: number) => ({ index, type: "RunScript", scriptName: "a.sh", args: null, file }) as const;
    const first = await fetchScript(world.deps, world.job(command(0)), file, never);
    const job = { ...world.job(command(1)), earlier: [command(0)] };
    assert.equal(readFileSync((await fetchScript(world.deps, job, file, never)).file, "utf8"), text);
    assert.equal(requests(), 1);
    writeFileSync(first.file, "echo evil\n");
    assert.equal(readFileSync((await fetchScript(world.deps, job, file, never)).file, "utf8"), text);
    assert.equal(requests(), 2);
  },
);

test("bytes are kept under their own hash only", () => {
  const scripts = new KeptScripts(DEFAULT_SETTINGS);
  const file = fileOf(Buffer.from("echo good\n"));
  scripts.keep(file, Buffer.from("echo evil\n"));
  assert.equal(scripts.get(file), null);
});

test("what was not used for longest makes room", () => {
  const scripts = new KeptScripts(DEFAULT_SETTINGS);
  const count = DEFAULT_SETTINGS.keptScriptsBytes / DEFAULT_SETTINGS.maxKeptScriptBytes;
  const all = Array.from({ length: count + 1 }, (_, n) => Buffer.alloc(DEFAULT_SETTINGS.maxKeptScriptBytes, n));
  const [first, second] = all.map(fileOf);
  assert.ok(first && second);
  for (const bytes of all.slice(0, count)) scripts.keep(fileOf(bytes), bytes);
  assert.ok(scripts.get(first));
  for (const bytes of all.slice(count)) scripts.keep(fileOf(bytes), bytes);
  assert.deepEqual([scripts.get(first) !== null, scripts.get(second)], [true, null]);
  const held = all.filter((bytes) => scripts.get(fileOf(bytes)));
  assert.equal(held.length, count);
});
