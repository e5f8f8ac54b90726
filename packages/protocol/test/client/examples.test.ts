import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";

/**
 * Every export of the client has an example in its TSDoc. `examples.ts` has the same examples as
 * code, and `npm run check` compiles it: an example that does not fit the client does not pass.
 * After a change of an example, `HALLIGAN_WRITE_EXAMPLES=1 npm test -- <this file>` writes it.
 */

const CLIENT = new URL("../../src/client/", import.meta.url);
const COMPILED = new URL("examples.ts", import.meta.url);

interface Export {
  name: string;
  file: string;
}

/** A long list has a comma after its last name. */
const namesIn = (list: string): string[] =>
  list
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");

const index = await readFile(new URL("index.ts", CLIENT), "utf8");
const exports: Export[] = [...index.matchAll(/^export (?:type )?\{([^}]*)\} from "\.\/([\w/-]+\.ts)";$/gm)].flatMap(
  ([, names = "", file = ""]) => namesIn(names).map((name) => ({ name: name.replace(/^type /, ""), file })),
);

/** The example in the comment right before the declaration of `name`, or null. */
function exampleOf(name: string, source: string): string | null {
  const declared = new RegExp(
    `/\\*\\*((?:(?!\\*/)[\\s\\S])*)\\*/\\nexport (?:interface|class|function|const|type) ${name}\\b`,
  ).exec(source);
  const comment = declared?.[1]?.replaceAll(/^ \* ?/gm, "");
  return /@example\n```ts\n([\s\S]*?)```/.exec(comment ?? "")?.[1] ?? null;
}

const examples = await Promise.all(
  exports.map(async ({ name, file }) => ({
    name,
    example: exampleOf(name, await readFile(new URL(file, CLIENT), "utf8")),
  })),
);

const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, "  ");

function compiledText(): string {
  const bodies = examples.map(({ name, example }) => {
    return `export async function exampleOf${name[0]?.toUpperCase()}${name.slice(1)}(): Promise<void> {\n${indented(example ?? "")}}\n`;
  });
  const text = bodies.join("\n");
  const used = (names: readonly string[]) =>
    names.filter((name) => new RegExp(`\\b${name}\\b`).test(`${text} HalliganClient`));
  const values = new Set([...index.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, names = ""]) => namesIn(names)));
  const imported = used(exports.map(({ name }) => name))
    .map((name) => (values.has(name) ? name : `type ${name}`))
    .sort((a, b) => a.replace("type ", "").localeCompare(b.replace("type ", "")));
  return `// Written by examples.test.ts from the TSDoc of the client. Compiled by \`npm run check\`.
import { readFile, writeFile } from "node:fs/promises";
import {
${imported.map((name) => `  ${name},\n`).join("")}} from "../../src/client/index.ts";

declare const client: HalliganClient;

${text}`;
}

test("every export of the client has an example in its TSDoc", () => {
  assert.ok(exports.length > 20);
  assert.deepEqual(
    examples.filter(({ example }) => example === null).map(({ name }) => name),
    [],
  );
});

test("the examples in TSDoc are those that npm run check compiles", async () => {
  const text = compiledText();
  if (process.env.HALLIGAN_WRITE_EXAMPLES !== undefined) await writeFile(COMPILED, text);
  assert.equal(await readFile(COMPILED, "utf8"), text);
});
