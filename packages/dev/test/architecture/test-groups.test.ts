import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const MODULE = new URL("../../bin/test-groups.mjs", import.meta.url);
const folder = mkdtempSync(join(tmpdir(), "halligan-test-groups-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const PRINT = `const { testFilesOf } = await import(process.argv[1]);
console.log(JSON.stringify(testFilesOf(process.argv[2], process.argv[3], process.argv[4])));`;

interface Suite {
  readonly alone: string[];
  readonly grouped: string[];
}

/** Paths from the root of the repository. */
function filesOf(suite: string): Suite {
  const args = ["--input-type=module", "-e", PRINT, MODULE.href, suite, ROOT, folder];
  const given: string[] = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" }));
  const isGroup = (file: string) => file.startsWith(folder);
  const grouped = given
    .filter(isGroup)
    .flatMap((file) => [...readFileSync(file, "utf8").matchAll(/^import "(.+)";$/gm)].map((match) => match[1] ?? ""))
    .map((url) => relative(ROOT, fileURLToPath(url)));
  return { alone: given.filter((file) => !isGroup(file)).map((file) => relative(ROOT, file)), grouped };
}

const suites = { test: filesOf("test"), system: filesOf("system") };

test("each test file is in exactly one suite, and runs there once, alone or in a group", () => {
  const all = globSync("packages/*/test/**/*.test.ts", { cwd: ROOT });
  const given = Object.values(suites).flatMap(({ alone, grouped }) => [...alone, ...grouped]);
  assert.ok(suites.test.grouped.length > 100);
  assert.deepEqual(given.toSorted(), all.toSorted());
});

test("what is in a folder test/system is in npm run test:system, and nothing else is", () => {
  for (const file of suites.system.alone) assert.match(file, /^packages\/\w+\/test\/system\//);
  assert.deepEqual(suites.system.grouped, [], "these files load the machine, so each has its process");
  assert.ok(suites.system.alone.length > 50);
  for (const file of [...suites.test.alone, ...suites.test.grouped]) assert.ok(!file.includes("/system/"), file);
});

test("both suites are commands of the repository, and CI runs both", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  assert.match(scripts.test, /halligan-test\.mjs$/);
  assert.match(scripts["test:system"], /halligan-test\.mjs --system$/);
  const ci = readFileSync(join(ROOT, ".ci/run"), "utf8");
  assert.match(ci, /^run_tests npm test$/m);
  assert.match(ci, /^run_tests npm run test:system$/m);
});

test("a test file that starts a process, or changes or measures what others share, has its own process", () => {
  // A hook outside a suite would run around the tests of the other files.
  const changes =
    /child_process|process\.(env|chdir|on|exit)\b|mock\.|globalThis|memoryUsage|cpuUsage|^(beforeEach|afterEach)\(/m;
  for (const file of suites.test.grouped) {
    const found = readFileSync(join(ROOT, file), "utf8").match(changes);
    assert.equal(found?.[0], undefined, file);
  }
});
