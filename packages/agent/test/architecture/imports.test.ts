import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

const ROOT = path.join(import.meta.dirname, "../..");
const SRC = path.join(ROOT, "src");

const files = readdirSync(SRC, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .map((name) => ({ name, text: readFileSync(path.join(SRC, name), "utf8") }));

const importsOf = (text: string) => [...text.matchAll(/(?:from|import\()\s*"([^"]+)"/g)].map((found) => found[1] ?? "");

test("the core waits on its ports only: no I/O, no timers, no clock and no chance of its own", () => {
  const allowed =
    /^(\.\.?\/(?:[a-z-]+\/)?[a-z-]+\.ts|(?:\.\.\/)+(limits|settings|bound-text)\.ts|node:crypto|@halligan\/protocol\/(?:link(-crypto)?|time)|typebox(\/compile)?)$/;
  for (const { name, text } of files.filter((file) => file.name.startsWith("core"))) {
    for (const from of importsOf(text)) assert.match(from, allowed, `${name} imports ${from}`);
    const own =
      /\b(setTimeout|setInterval|setImmediate|Date\.now|new Date|Math\.random|randomBytes|performance|fetch\(|systemClock|backgroundClock)/;
    assert.doesNotMatch(text, own, `${name} does not go through a port`);
  }
});

test("the agent depends on the protocol and typebox alone", () => {
  const allowed =
    /^(\.|node:|@halligan\/protocol\/(link|link-crypto|api|errors|network|text|time|version)$|typebox(\/compile)?$)/;
  for (const { name, text } of files) {
    for (const from of importsOf(text)) assert.match(from, allowed, `${name} imports ${from}`);
  }
  const manifest = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));
  assert.deepEqual(Object.keys(manifest.dependencies), ["@halligan/protocol", "typebox"]);
});

test("processes for commands are started in one place", () => {
  const starters = files.filter(({ text }) => /import \{[^}]*\bspawn\b[^}]*\} from "node:child_process"/.test(text));
  assert.deepEqual(
    starters.map(({ name }) => name.replaceAll(path.sep, "/")),
    ["process/spawn-script.ts"],
  );
});

test("nothing is decided by the device's wall clock: only what people read has it", () => {
  for (const { name, text } of files) {
    const shows = /^(owners-log|status)\b/.test(name) || name === "text-for-people.ts";
    if (!shows) assert.doesNotMatch(text, /wall-clock\.ts"/, `${name} reads the wall clock`);
    if (name === "wall-clock.ts") continue;
    // `new Date(x)` with an argument only writes a time that was given.
    if (name !== "log.ts") assert.doesNotMatch(text, /\bDate\b(?!\([^)])/, `${name} reads the wall clock`);
  }
});
