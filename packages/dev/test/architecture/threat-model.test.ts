import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

/**
 * `docs/threat-model.md` names tests by file and title; a title that was reworded must be reworded
 * there too.
 */
const ROOT = new URL("../../../../", import.meta.url);
const NAMED = /`([\w./-]+\.ts)` "([^"]+)"/g;
/** Classes of each chapter of the list that the document follows. */
const CLASSES = [11, 8, 14, 9].flatMap((count, chapter) =>
  Array.from({ length: count }, (_, at) => `${chapter + 1}.${at + 1}`),
);

const document = await readFile(new URL("docs/threat-model.md", ROOT), "utf8");
const rows = document.split("\n").filter((line) => /^\| \d+\.\d+ /.test(line));

test("every test that the threat model names is in the file that it names", async () => {
  const named = [...document.matchAll(NAMED)].map(([, file = "", title = ""]) => ({ file, title }));
  assert.ok(named.length > 60, "the document names its tests");
  const texts = new Map<string, string>();
  for (const file of new Set(named.map((one) => one.file)))
    texts.set(file, await readFile(new URL(file, ROOT), "utf8"));
  const missing = named.filter(({ file, title }) => {
    const text = texts.get(file) ?? "";
    return !text.includes(`"${title}"`) && !text.includes(`\`${title}\``);
  });
  assert.deepEqual(missing, []);
});

test("the threat model has every class once, each with a test or the reason why there is none", () => {
  assert.deepEqual(
    rows.map((row) => /^\| (\d+\.\d+) /.exec(row)?.[1]),
    CLASSES,
  );
  assert.deepEqual(
    rows.filter((row) => !/`[\w./-]+\.ts` "|not shown: /.test(row)),
    [],
  );
});
