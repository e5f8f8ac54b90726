import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { runProgram } from "../run-program.ts";
import type { LockedPackage } from "../source/lockfile.ts";

/** The SHA-512 of a file in the form of package-lock.json. */
export async function integrityOf(file: string): Promise<string> {
  const hash = createHash("sha512");
  await pipeline(createReadStream(file), hash);
  return `sha512-${hash.digest("base64")}`;
}

/**
 * The tarball of a package, from the registry that npm is configured with, kept in `cache`. It is
 * used only when its bytes are those that package-lock.json pins. This is checked at each use,
 * because the cache can have been changed since the download.
 */
export async function verifiedTarball(root: string, cache: string, wanted: LockedPackage): Promise<string> {
  const file = join(cache, `${wanted.name.replaceAll(/[@/]/g, "_")}-${wanted.version}.tgz`);
  if (existsSync(file)) {
    if ((await integrityOf(file)) === wanted.integrity) return file;
    await rm(file);
  }
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, "download-"));
  try {
    await runProgram("npm", ["pack", `${wanted.name}@${wanted.version}`, "--pack-destination", folder], {
      cwd: root,
    });
    const [packed = ""] = await readdir(folder);
    const found = await integrityOf(join(folder, packed));
    if (found !== wanted.integrity) {
      throw new Error(
        `the registry's ${wanted.name}@${wanted.version} is not what package-lock.json pins: ` +
          `${found} in place of ${wanted.integrity}`,
      );
    }
    await rename(join(folder, packed), file);
    return file;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
