import type { LibraryFileVersionListWire } from "@halligan/protocol/api";
import { CliError, UsageError } from "../errors/cli-error.ts";

/** One upload of a name, as `library versions` lists it. */
export type Version = LibraryFileVersionListWire["value"][number];

/** The SHA-256 or its first digits, in lower case. Throws UsageError. */
export function typedVersion(typed: string): string {
  const digits = typed.toLowerCase();
  if (/^[0-9a-f]{8,64}$/.test(digits)) return digits;
  throw new UsageError(`VERSION is 8 to 64 hex digits of a SHA-256, not ${JSON.stringify(typed)}.`);
}

/** The newest upload of the bytes that are meant. Throws CliError for none and for several. */
export function versionOf(name: string, versions: readonly Version[], typed: string): Version {
  const found = versions.filter(({ sha256 }) => sha256.startsWith(typed));
  const contents = [...new Set(found.map(({ sha256 }) => sha256))];
  const [version] = found;
  if (version === undefined) {
    const message = `${name} has no version ${typed}. See: halligan library versions ${name}`;
    throw new CliError("notFound", "LibraryFileNotFound", message);
  }
  if (contents.length > 1) {
    const message = `${contents.length} versions begin with ${typed}; write more digits: ${contents.join(", ")}`;
    throw new CliError("usage", "AmbiguousVersion", message, { json: { sha256: contents } });
  }
  return version;
}
