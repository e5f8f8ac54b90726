import assert from "node:assert/strict";
import { posix } from "node:path";
import { test } from "node:test";
import { allPaths, filesEndingIn, fragmentsOf, type TextFile, withoutCodeBlocks } from "./documents.ts";

/**
 * A reader of the repository can open everything that its code and documents refer to. In code and
 * in prose a reference is a path from the root (`docs/contract/http-api.md#errors`), in Markdown
 * also a link. Each is followed to its file and its heading.
 */

interface Reference {
  from: string;
  /** From the root of the repository. */
  path: string;
  fragment: string;
  asWritten: string;
}

const documents = new Map((await filesEndingIn(".md")).map((file) => [file.path, file.text]));
const code = await filesEndingIn(".ts", ".mjs", ".js", ".sh", ".yml");
const prose: TextFile[] = [...documents].map(([path, text]) => ({ path, text }));
const files = [...code, ...prose];
const exists = new Set(await allPaths());
for (const path of [...exists]) {
  for (let folder = posix.dirname(path); folder !== "."; folder = posix.dirname(folder)) exists.add(folder);
}

/** It has wrong references, to show that they are found. */
const THIS_FILE = "packages/dev/test/architecture/references.test.ts";

/**
 * `docs/....md#...` in any text. A link of Markdown is relative to its own file and is found by
 * `linksIn`.
 */
function pathsIn(file: TextFile): Reference[] {
  const text = file.path.endsWith(".md") ? file.text.replaceAll(/\]\([^)]*\)/g, "]") : file.text;
  return [...text.matchAll(/(?<![\w./-])docs\/[\w./-]*\.(?:jsonl|json|md)(?:#([\w-]+))?/g)].map((match) => ({
    from: file.path,
    path: (match[0].split("#")[0] ?? "").replace(/^\.\//, ""),
    fragment: match[1] ?? "",
    asWritten: match[0],
  }));
}

/** `docs/decisions/0007` and "decision 0007", for short. */
function decisionsIn(file: TextFile): Reference[] {
  return [...file.text.matchAll(/(?:docs\/decisions\/|\bdecisions? )(\d{4})(?![\w-])/g)].map((match) => {
    const start = `docs/decisions/${match[1]}-`;
    const path = [...exists].find((one) => one.startsWith(start)) ?? `${start}...`;
    return { from: file.path, path, fragment: "", asWritten: match[0] };
  });
}

function linksIn(file: TextFile): Reference[] {
  const links = [...withoutCodeBlocks(file.text).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? "");
  return links
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = "", fragment = ""] = target.split("#");
      const resolved = path === "" ? file.path : posix.join(posix.dirname(file.path), path);
      return { from: file.path, path: resolved.replace(/\/$/, ""), fragment, asWritten: target };
    });
}

/** What is wrong with a reference, or null. */
function fault(reference: Reference): string | null {
  if (!exists.has(reference.path)) return `${reference.from}: ${reference.asWritten}: there is no such file`;
  if (reference.fragment === "") return null;
  const target = documents.get(reference.path);
  if (target !== undefined && fragmentsOf(target).has(reference.fragment)) return null;
  return `${reference.from}: ${reference.asWritten}: there is no such heading`;
}

test("every path of a document and every link leads to a file and a heading of this repository", () => {
  const others = files.filter(({ path }) => path !== THIS_FILE);
  const references = [...others.flatMap(pathsIn), ...others.flatMap(decisionsIn), ...prose.flatMap(linksIn)];
  assert.ok(references.length > 300, `${references.length} references found`);
  assert.deepEqual(references.map(fault).filter(Boolean), []);
});

test("a reference to a missing file and one to a missing heading are found", () => {
  const wrong = { path: "example.ts", text: "// docs/contract/http-api.md#no-such-heading and docs/no-such-file.md" };
  assert.deepEqual(pathsIn(wrong).map(fault), [
    "example.ts: docs/contract/http-api.md#no-such-heading: there is no such heading",
    "example.ts: docs/no-such-file.md: there is no such file",
  ]);
});

/** Each line of a text, with what breaks over two lines of a comment joined. */
const joined = (text: string): string => text.replaceAll(/\n\s*(?:\*|\/\/) ?/g, " ");

const OPAQUE: readonly { form: RegExp; remedy: string }[] = [
  { form: /(?<!docs\/)\bcontract\/[\w-]+\.md/g, remedy: "write docs/contract/..." },
  {
    form: /(?<![\w/.-])(?:http-api|auth|lifecycle|clients-in-the-wild|interactive|disagreements|choices)\.md/g,
    remedy: "write docs/contract/...",
  },
  { form: /\.md`?,? (?:sections?|rows?) \d/g, remedy: "write the heading: docs/....md#heading" },
  {
    form: /\bdesign\.md|\bdesign, "|\(design\)|\b[Tt]he design (?:asks|says|wants|promises)\b/g,
    remedy: "name a document of this repository",
  },
  {
    form: /(?:\.\.\/)?\bshared\/(?:contract|design|layout|style|next|dependencies)\b/g,
    remedy: "name a document here",
  },
];

test("no reference names a document that a reader cannot open, or a section by its number", () => {
  const found = files
    .filter((file) => file.path !== THIS_FILE)
    .flatMap(({ path, text }) => {
      const read = path.endsWith(".md") ? text.replaceAll(/\[[^\]]*\]\([^)]*\)/g, "") : joined(text);
      return OPAQUE.flatMap(({ form, remedy }) =>
        [...read.matchAll(form)]
          .filter(([name]) => !(path.startsWith("docs/contract/") && /^[\w-]+\.md$/.test(name)))
          .map(([name]) => `${path}: ${name}: ${remedy}`),
      );
    });
  assert.deepEqual(found, []);
});

/** `threat 3.5` is row or heading 3.5 of the threat model. */
const THREAT_MODEL = "docs/threat-model.md";

test("every threat that code names by its number is in the threat model", () => {
  const model = documents.get(THREAT_MODEL);
  const named = code.flatMap(({ path, text }) =>
    [...joined(text).matchAll(/\bthreats? (\d+\.\d+)/gi)].map((match) => ({ path, number: match[1] ?? "" })),
  );
  if (model === undefined) return;
  const missing = named.filter(
    ({ path, number }) =>
      path !== THIS_FILE &&
      !new RegExp(`^(?:#{1,6} +|\\| *(?:<a id="[^"]*"></a>)?)${number.replace(".", "\\.")}\\b`, "m").test(model),
  );
  assert.deepEqual(missing, []);
});

/** Folders from which documents name source files, for short. */
const SHORT_FOR = ["", "packages/", "packages/server/src/", "packages/agent/src/", "packages/dev/test/wire/"];
const SOURCE_FILE = /`([\w.-]+(?:\/[\w.-]+)*\.(?:ts|mjs))`/g;

test("every source file that a document names exists", () => {
  const named = new Set([...exists].map((path) => posix.basename(path)));
  const missing = prose.flatMap(({ path, text }) => {
    const near = [`${posix.dirname(path)}/`, `${posix.dirname(path)}/src/`];
    return [...withoutCodeBlocks(text).matchAll(SOURCE_FILE)]
      .map((match) => match[1] ?? "")
      .filter((file) => ![...SHORT_FOR, ...near].some((folder) => exists.has(posix.join(folder, file))))
      .filter((file) => file.includes("/") || !named.has(file))
      .map((file) => `${path}: ${file}`);
  });
  assert.deepEqual(missing, []);
});

test("every name that the glossary gives is in the sources", () => {
  const glossary = documents.get("docs/glossary.md") ?? "";
  const names = [...glossary.matchAll(/\| `(\w+)` \|$/gm)].map((match) => match[1] ?? "");
  const sources = code.filter(({ path }) => /^packages\/\w+\/src\//.test(path)).map(({ text }) => text);
  assert.ok(names.length > 25);
  assert.deepEqual(
    names.filter((name) => !sources.some((text) => new RegExp(`\\b${name}\\b`).test(text))),
    [],
  );
});
