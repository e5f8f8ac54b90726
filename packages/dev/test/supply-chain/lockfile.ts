import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Type } from "typebox";
import { Value } from "typebox/value";

export const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

const Entry = Type.Object({
  version: Type.Optional(Type.String()),
  license: Type.Optional(Type.String()),
  integrity: Type.Optional(Type.String()),
  hasInstallScript: Type.Optional(Type.Boolean()),
  dev: Type.Optional(Type.Boolean()),
  link: Type.Optional(Type.Boolean()),
});
const Lockfile = Type.Object({ packages: Type.Record(Type.String(), Entry) });

export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  readonly license: string | null;
  readonly integrity: string | null;
  readonly hasInstallScript: boolean;
  readonly isDevelopment: boolean;
}

/** What package-lock.json brings from elsewhere: all but the packages of this repository. */
export async function lockedPackages(): Promise<LockedPackage[]> {
  const { packages } = Value.Parse(Lockfile, JSON.parse(await readFile(`${ROOT}package-lock.json`, "utf8")));
  return Object.entries(packages)
    .filter(([path, { link }]) => path.includes("node_modules/") && !link)
    .map(([path, { version = "", license, integrity, dev, hasInstallScript }]) => ({
      name: path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length),
      version,
      license: license ?? null,
      integrity: integrity ?? null,
      hasInstallScript: hasInstallScript === true,
      isDevelopment: dev === true,
    }));
}

/**
 * `range`: comparisons that are separated by blanks and must all hold, such as `>=1.2.0 <1.4.1`. A
 * prerelease counts as its release.
 */
export function isInRange(version: string, range: string): boolean {
  return range.split(" ").every((comparison) => {
    const [, operator = "", bound = ""] = /^(<=|>=|<|>|=)(\d+\.\d+\.\d+)$/.exec(comparison) ?? [];
    const order = compare(version, bound);
    switch (operator) {
      case "<":
        return order < 0;
      case "<=":
        return order <= 0;
      case ">":
        return order > 0;
      case ">=":
        return order >= 0;
      case "=":
        return order === 0;
      default:
        throw new Error(`'${comparison}' is no comparison with a version`);
    }
  });
}

function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split(/[-+]/)[0]?.split(".").map(Number) ?? []);
  for (const at of [0, 1, 2]) {
    const difference = (left?.[at] ?? 0) - (right?.[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
