import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const MODULE = new URL("../../bin/test-groups.mjs", import.meta.url);
const folder = mkdtempSync(join(tmpdir(), "halligan-test-groups-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const PRINT = `const { allTestFiles } = await import(process.argv[1]);
console.log(JSON.stringify(allTestFiles(process.argv[2], process.argv[3])));`;
const args = ["--input-type=module", "-e", PRINT, MODULE.href, ROOT, folder];
const given: string[] = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
const grouped = given
  .filter((file) => file.startsWith(folder))
  .flatMap((file) => [...readFileSync(file, "utf8").matchAll(/^import "(.+)";$/gm)].map((match) => match[1] ?? ""));

test("npm test runs each test file once, alone or in a group", () => {
  const alone = given.filter((file) => !file.startsWith(folder)).map((file) => pathToFileURL(file).href);
  const all = globSync("packages/*/test/**/*.test.ts", { cwd: ROOT }).map(
    (file) => pathToFileURL(join(ROOT, file)).href,
  );
  assert.ok(grouped.length > 50);
  assert.deepEqual([...grouped, ...alone].toSorted(), all.toSorted());
});

test("a test file that shares a process starts none, and changes nothing that others see", () => {
  // A hook outside a suite would run around the tests of the other files.
  const changes =
    /child_process|process\.(env|chdir|on|exit)\b|mock\.|globalThis|memoryUsage|^(beforeEach|afterEach)\(/m;
  for (const file of grouped) {
    const found = readFileSync(fileURLToPath(file), "utf8").match(changes);
    assert.equal(found?.[0], undefined, `${file}: move it out of the group, or remove this`);
  }
});
