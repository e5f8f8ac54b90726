import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { runtimeExecutable } from "../../src/runtimes.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const MODULE = new URL("../../bin/bundled-packages.mjs", import.meta.url).href;
const folder = mkdtempSync(join(tmpdir(), "halligan-bundled-packages-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const bun = runtimeExecutable("bun");
const skip = bun === null && "Bun is not installed for this system";

/** Runs a module without the packages that `npm test` itself has bundled. */
const run = (script: string, args: readonly string[], nodeOptions: readonly string[] = []): unknown =>
  JSON.parse(
    execFileSync(process.execPath, [...nodeOptions, "--input-type=module", "-e", script, ...args], {
      cwd: join(ROOT, "packages/server"),
      encoding: "utf8",
      env: { ...process.env, NODE_OPTIONS: "" },
    }),
  );

const BUNDLE = `const { bundlePackages } = await import(process.argv[1]);
console.log(JSON.stringify(bundlePackages(...process.argv.slice(2))));`;
const bundle = (executable: string) => run(BUNDLE, [MODULE, ROOT, folder, executable]);

const Entries = Type.Record(Type.String(), Type.Object({ url: Type.String(), names: Type.Array(Type.String()) }));
const PRINT = `const entries = {};
for (const entry of process.argv.slice(1)) {
  entries[entry] = { url: import.meta.resolve(entry), names: Object.keys(await import(entry)) };
}
console.log(JSON.stringify(entries));`;

/** All that the programs import of the bundled packages. */
const imported = new Set(
  globSync("packages/*/src/**/*.ts", { cwd: ROOT }).flatMap((file) =>
    [...readFileSync(join(ROOT, file), "utf8").matchAll(/from "((?:typebox|kysely|jose)(?:\/[^"]+)?)"/g)].map(
      ([, entry = ""]) => entry,
    ),
  ),
);

test("each bundled package exports what the package itself exports", { skip }, () => {
  assert.ok(imported.size >= 7, [...imported].join());
  const hook = bundle(bun ?? "");
  assert.equal(typeof hook, "string");
  const plain = Value.Parse(Entries, run(PRINT, [...imported]));
  const bundled = Value.Parse(Entries, run(PRINT, [...imported], [`--import=${hook}`]));
  for (const [entry, { url, names }] of Object.entries(plain)) {
    const other = bundled[entry];
    assert.ok(other !== undefined && names.length > 0 && url.includes("/node_modules/"), entry);
    assert.deepEqual(other.names, names, entry);
    // Else there would be two copies of its modules.
    assert.ok(fileURLToPath(other.url).startsWith(folder), `${entry} is not in the list of bundled-packages.mjs`);
  }
});

test("the packages load as usual where they cannot be bundled", () => {
  const broken = join(folder, "broken");
  mkdirSync(join(broken, "bin"), { recursive: true });
  writeFileSync(join(broken, "package.json"), "{}");
  assert.equal(bundle(join(broken, "bin/bun")), null);
});
