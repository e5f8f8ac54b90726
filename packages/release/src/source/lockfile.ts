import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Type } from "typebox";
import { Value } from "typebox/value";

const Lockfile = Type.Object({
  packages: Type.Record(
    Type.String(),
    Type.Object({
      version: Type.Optional(Type.String()),
      integrity: Type.Optional(Type.String()),
      license: Type.Optional(Type.String()),
      link: Type.Optional(Type.Boolean()),
    }),
  ),
});

/** A package as package-lock.json pins it. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** `sha512-` and the hash of its tarball in base64. */
  readonly integrity: string;
  /** Where npm installs it, from the root of the repository. */
  readonly path: string;
  readonly license: string | null;
}

/** Packages of package-lock.json that come from a registry. */
export async function lockedPackages(root: string): Promise<readonly LockedPackage[]> {
  const { packages } = Value.Parse(Lockfile, JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")));
  return Object.entries(packages).flatMap(([path, { version, integrity, license, link }]) => {
    const at = path.lastIndexOf("node_modules/");
    if (at < 0 || link || version === undefined) return [];
    const name = path.slice(at + "node_modules/".length);
    if (!integrity?.startsWith("sha512-")) throw new Error(`package-lock.json has no SHA-512 for ${name}@${version}`);
    return [{ name, version, integrity, path, license: license ?? null }];
  });
}

/** The one entry of a package at the top level. @throws when there is none */
export function lockedPackage(packages: readonly LockedPackage[], name: string): LockedPackage {
  const found = packages.find(({ path }) => path === `node_modules/${name}`);
  if (!found) throw new Error(`package-lock.json does not pin ${name}`);
  return found;
}
