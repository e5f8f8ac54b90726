/**
 * A locale with UTF-8 that this device has. Without one, programs show other letters than ASCII as
 * `?` or fail.
 */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { isErrno } from "../../disk/errno.ts";

/** Where the usual ones lie: Linux with glibc, then macOS. */
const USUAL = [
  { name: "C.UTF-8", folder: "/usr/lib/locale/C.utf8" },
  { name: "C.UTF-8", folder: "/usr/lib/locale/C.UTF-8" },
  { name: "C.UTF-8", folder: "/usr/share/locale/C.UTF-8" },
  { name: "en_US.UTF-8", folder: "/usr/share/locale/en_US.UTF-8" },
] as const;

export function utf8Locale(): string {
  const usual = USUAL.find(({ folder }) => existsSync(folder));
  if (usual) return usual.name;
  try {
    const text = execFileSync("locale", ["-a"], {
      encoding: "utf8",
      timeout: 5_000,
      stdio: ["ignore", "pipe", "ignore"],
      env: { PATH: "/usr/bin:/bin" },
    });
    return bestLocale(text.split("\n"));
  } catch (error) {
    // Without glibc there is no program `locale`, and every locale is one with UTF-8.
    return isErrno(error, "ENOENT") ? "C.UTF-8" : "C";
  }
}

/** @param names what `locale -a` prints */
export function bestLocale(names: readonly string[]): string {
  const withUtf8 = names.filter((name) => /\.utf-?8$/i.test(name));
  const first = (pattern: RegExp) => withUtf8.find((name) => pattern.test(name));
  return first(/^C\./) ?? first(/^en_US\./) ?? withUtf8[0] ?? "C";
}
