import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

/**
 * `docs/conformance.md` names tests by file and title; a title that was reworded must be reworded
 * there too.
 */
const DOCUMENT = new URL("../../../../docs/conformance.md", import.meta.url);
const ROOT = new URL("../../../../", import.meta.url);
const NAMED = /`([\w./-]+\.ts)` "([^"]+)"/g;

const document = await readFile(DOCUMENT, "utf8");
const named = [...document.matchAll(NAMED)].map(([, file = "", title = ""]) => ({ file, title }));

/**
 * A bare name is a file of this folder or of `cases/`. A path starts at the root of the repository.
 */
function urlOf(file: string): URL {
  if (file.includes("/")) return new URL(file, ROOT);
  return new URL(file.endsWith(".cases.ts") ? `./cases/${file}` : file, import.meta.url);
}

test("every test that the table of conformance names is in the file that it names", async () => {
  assert.ok(named.length > 100, "the table names its tests");
  const texts = new Map<string, string>();
  for (const file of new Set(named.map((one) => one.file))) texts.set(file, await readFile(urlOf(file), "utf8"));
  const missing = named.filter(({ file, title }) => {
    const text = texts.get(file) ?? "";
    return !text.includes(`"${title}"`) && !text.includes(`\`${title}\``);
  });
  assert.deepEqual(missing, []);
});

test("every row of the table names a test, or says why there is none", () => {
  const rows = document.split("\n").filter((line) => line.startsWith("| ") && !/^\| (fact|---)/.test(line));
  assert.ok(rows.length > 100);
  const silent = rows.filter((row) => !/`[\w./-]+\.ts` "|not shown: |our choice: /.test(row));
  assert.deepEqual(silent, []);
});
