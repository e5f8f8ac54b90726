import { execFile } from "node:child_process";
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { BenchContext } from "../../bench.ts";

const PINNED = fileURLToPath(new URL("../../../meshcentral/", import.meta.url));
const CACHE = fileURLToPath(new URL("../../../../../node_modules/.cache/halligan-bench/meshcentral/", import.meta.url));
const FILES = ["package.json", "package-lock.json"] as const;
const INSTALL_TIMEOUT_MS = 600_000;

/**
 * The folder of the MeshCentral package at the version of `packages/bench/meshcentral`. `npm ci`
 * installs exactly what that lock file names and compares each package with its SHA-512. Scripts of
 * packages do not run. An install of the same lock file is used again.
 */
export async function installMeshCentral(context: BenchContext): Promise<string> {
  const installed = join(CACHE, "node_modules/meshcentral");
  // npm writes this file last.
  const isThere = await Promise.all([
    readFile(join(CACHE, "node_modules/.package-lock.json")),
    ...FILES.map((name) => sameFile(join(PINNED, name), join(CACHE, name))),
  ]).then(
    ([, ...same]) => same.every((one) => one),
    () => false,
  );
  if (isThere) return installed;
  context.note(`installing MeshCentral into ${CACHE}, 450 MB`);
  await mkdir(CACHE, { recursive: true });
  for (const name of FILES) await copyFile(join(PINNED, name), join(CACHE, name));
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  await promisify(execFile)("npm", args, { cwd: CACHE, timeout: INSTALL_TIMEOUT_MS, signal: context.signal });
  return installed;
}

const sameFile = async (a: string, b: string): Promise<boolean> => (await readFile(a)).equals(await readFile(b));
