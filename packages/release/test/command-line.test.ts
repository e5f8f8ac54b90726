import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { TARGETS } from "../src/targets.ts";

const ENTRY = fileURLToPath(new URL("../bin/halligan-release.mjs", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "halligan-release-command-"));
after(() => rm(folder, { recursive: true, force: true }));
const release = (...args: string[]) => spawnSync(process.execPath, [ENTRY, ...args], { encoding: "utf8" });

test("--help lists every system, and a wrong option or system exits with 2 and names it", () => {
  const { status, stdout } = release("--help");
  assert.equal(status, 0);
  for (const { name } of TARGETS) assert.ok(stdout.includes(name), name);
  const wrong = release("--only", "plan9-x64");
  assert.equal(wrong.status, 2);
  assert.match(wrong.stderr, /--only plan9-x64 is not a system of a release: linux-x64/);
  assert.equal(release("--sing-key", "x").status, 2);
});

test("a folder with files that are no release is refused and not changed", async () => {
  await writeFile(join(folder, "thesis.txt"), "irreplaceable");
  const { status, stderr } = release("--only", "linux-x64", "--out", folder);
  assert.equal(status, 1);
  assert.match(stderr, /has files that are no release/);
  assert.deepEqual(await readdir(folder), ["thesis.txt"]);
});
