import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Type } from "typebox";
import { Value } from "typebox/value";
import { runProgram } from "../run-program.ts";
import { type LockedPackage, lockedPackage } from "../source/lockfile.ts";
import { verifiedTarball } from "./verified-tarball.ts";

const Manifest = Type.Object({ version: Type.String() });

/** Finds the pinned packages, those of other systems too. */
export class PackageFolders {
  readonly #root: string;
  readonly #packages: readonly LockedPackage[];
  readonly #workFolder: string;
  readonly #found = new Map<string, Promise<string>>();

  /** @param workFolder receives unpacked packages; the caller deletes it */
  constructor(root: string, packages: readonly LockedPackage[], workFolder: string) {
    this.#root = root;
    this.#packages = packages;
    this.#workFolder = workFolder;
  }

  /**
   * The folder of a package in the pinned version. `npm ci` has installed those of this system and
   * has verified them. Those of other systems are fetched, verified and unpacked.
   */
  folder(name: string): Promise<string> {
    const found = this.#found.get(name) ?? this.#find(lockedPackage(this.#packages, name));
    this.#found.set(name, found);
    return found;
  }

  async #find(wanted: LockedPackage): Promise<string> {
    const installed = join(this.#root, wanted.path);
    if ((await installedVersion(installed)) === wanted.version) return installed;
    const folder = join(this.#workFolder, wanted.name.replaceAll("/", "_"));
    const cache = join(this.#root, "node_modules/.cache/halligan-release");
    const tarball = await verifiedTarball(this.#root, cache, wanted);
    await mkdir(folder);
    await runProgram("tar", ["-xzf", tarball, "-C", folder, "--strip-components=1"], { cwd: this.#root });
    return folder;
  }
}

async function installedVersion(folder: string): Promise<string | null> {
  try {
    return Value.Parse(Manifest, JSON.parse(await readFile(join(folder, "package.json"), "utf8"))).version;
  } catch {
    return null;
  }
}
