import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/**
 * Packages of many small modules, with all entries that this repository can import. An entry that
 * is missing here would load a second copy of the package's modules.
 */
const PACKAGES = {
  typebox: ["", "/compile", "/error", "/format", "/guard", "/schema", "/system", "/type", "/value"],
  kysely: ["", "/migration", "/helpers/postgres", "/helpers/sqlite"],
  jose: [""],
};

/**
 * Puts each of {@link PACKAGES} into a few files, and returns a module for `node --import` that
 * loads those in place of the packages' own modules: typebox alone is 683 of the 850 modules that
 * the agent loads, and half of the time of its start. The tests start some hundreds of processes.
 *
 * The module also resolves the relative imports of this repository's sources, which name their
 * files in full: Node would look for each file, its real path and its package first.
 *
 * The bundles are kept in `folder` under the hash of what they are made of. Null where bundling
 * fails: then all loads as usual.
 *
 * @param {string} root of the repository
 * @param {string} folder
 * @param {string} bun the executable
 * @returns {string | null} the URL of the module
 */
export function bundlePackages(root, folder, bun) {
  const bundles = join(folder, keyOf(root, bun));
  const hook = join(bundles, "resolve-bundled.mjs");
  if (!existsSync(hook) && !make(root, folder, bundles, bun)) return null;
  return pathToFileURL(hook).href;
}

/** The installed versions, this file, and the place: the module names files by their path. */
function keyOf(root, bun) {
  const hash = createHash("sha256")
    .update(root)
    .update(readFileSync(fileURLToPath(import.meta.url)));
  const folders = [...Object.keys(PACKAGES).map((name) => join(root, "node_modules", name)), join(bun, "../..")];
  for (const folder of folders) hash.update(readFileSync(join(folder, "package.json")));
  return hash.digest("hex").slice(0, 16);
}

/**
 * Another run may make the same bundles at the same time, so they get their name when they are
 * whole. Tests read them as other users, too.
 */
function make(root, folder, bundles, bun) {
  mkdirSync(folder, { recursive: true });
  const unfinished = mkdtempSync(join(folder, "unfinished-"));
  try {
    /** @type {[string, string][]} */
    const urls = [];
    for (const [name, entries] of Object.entries(PACKAGES)) {
      const sources = entries.map((entry) => fileURLToPath(import.meta.resolve(`${name}${entry}`)));
      const from = join(root, "node_modules", name);
      const options = ["--target=node", "--splitting", `--root=${from}`, `--outdir=${join(unfinished, name)}`];
      if (spawnSync(bun, ["build", ...options, ...sources], { stdio: "ignore" }).status !== 0) return false;
      for (const source of sources) {
        const bundle = join(bundles, name, source.slice(from.length).replace(/\.m?js$/, ".js"));
        urls.push([pathToFileURL(source).href, pathToFileURL(bundle).href]);
      }
    }
    writeFileSync(join(unfinished, "package.json"), '{ "type": "module" }\n');
    writeFileSync(join(unfinished, "resolve-bundled.mjs"), hookText(root, urls));
    chmodSync(unfinished, 0o755);
    if (!existsSync(bundles)) renameSync(unfinished, bundles);
    return true;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

const hookText = (root, urls) => `import { registerHooks } from "node:module";

const bundles = new Map(${JSON.stringify(urls)});
const sources = ${JSON.stringify(pathToFileURL(join(root, "packages/")).href)};
registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith(".") && specifier.endsWith(".ts") && context.parentURL?.startsWith(sources)) {
      return { url: new URL(specifier, context.parentURL).href, format: "module-typescript", shortCircuit: true };
    }
    const resolved = next(specifier, context);
    const url = bundles.get(resolved.url);
    return url === undefined ? resolved : { ...resolved, url, format: "module" };
  },
});
`;
