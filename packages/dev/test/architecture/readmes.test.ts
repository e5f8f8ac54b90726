import assert from "node:assert/strict";
import { posix } from "node:path";
import { test } from "node:test";
import { filesEndingIn } from "./documents.ts";

/**
 * A reader who opens a package first finds what it is, what it may import, where to start and its
 * tests.
 */

const readmes = new Map((await filesEndingIn("README.md")).map((file) => [file.path, file.text]));
const manifests = (await filesEndingIn("package.json")).filter(({ path }) =>
  /^packages\/\w+\/package\.json$/.test(path),
);

/** The list item that begins with `**name:**`, or null. */
const item = (text: string, name: string): string | null =>
  new RegExp(`^- \\*\\*${name}:\\*\\* [\\s\\S]*?(?=\\n- |\\n\\n|$(?![\\s\\S]))`, "m").exec(text)?.[0] ?? null;

test("every package has a README that names its imports, where to start reading and its tests", () => {
  assert.ok(manifests.length >= 6);
  for (const { path, text } of manifests) {
    const readme = posix.join(posix.dirname(path), "README.md");
    const content = readmes.get(readme);
    assert.ok(content !== undefined, `${readme} is missing`);
    for (const name of ["Start reading", "Tests"]) assert.notEqual(item(content, name), null, `${readme}: ${name}`);
    const imports = item(content, "May import") ?? "";
    const others = [...text.matchAll(/"@halligan\/(\w+)": "\d/g)].map(([, name = ""]) => name);
    const unnamed = others.filter((name) => !imports.includes(`\`${name}\``));
    assert.deepEqual(unnamed, [], `${readme}: "May import" does not name these dependencies of ${path}`);
  }
});
