import { type Bundler, bundle } from "./bundler.ts";

/**
 * The second program is the process that runs slow queries. `scan-pool.ts` starts it by its file
 * name, which must be next to the bundle's other files.
 */
const PROGRAMS = ["packages/server/src/main.ts", "packages/server/src/store/sqlite/scan-process.ts"];

/** better-sqlite3 is shipped as files, for its addon. pg asks for pg-native, which is not used. */
const EXTERNAL = ["better-sqlite3", "pg-native"];

/**
 * Packages that look for files of their own, such as pino for its worker, would get the path of
 * this checkout. The server uses none of these files, and a release must not depend on the path.
 */
const NO_FOLDER = '__dirname="/this-package-has-no-folder-in-a-release"';

/** Bundles the server for Node into `folder`: `main.js`, `scan-process.js` and what both load. */
export async function bundleServer(bundler: Bundler, folder: string): Promise<void> {
  const names = ["--entry-naming=[name].[ext]", "--chunk-naming=[name]-[hash].[ext]", `--outdir=${folder}`];
  const external = EXTERNAL.flatMap((name) => ["--external", name]);
  const flags = ["--target=node", "--format=esm", "--splitting", "--define", NO_FOLDER];
  await bundle(bundler, [...flags, ...external, ...names, ...PROGRAMS]);
}
