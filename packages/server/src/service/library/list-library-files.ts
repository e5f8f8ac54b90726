import { err, ok, type Result } from "@halligan/protocol/errors";
import type { DomainError } from "../../domain/errors.ts";
import type { LibraryFile, LibraryFileVersion } from "../../domain/library/library-file.ts";
import type { ServiceContext } from "../context.ts";

/** `GET /api/libraryfiles` */
export function listLibraryFiles({ store }: ServiceContext): Promise<LibraryFile[]> {
  return store.read((tx) => tx.library.list());
}

/**
 * `GET /halligan/v1/library/{fileName}/versions`: every upload under that name, newest first,
 * including removed ones.
 */
export async function listLibraryFileVersions(
  { store }: ServiceContext,
  fileName: string,
): Promise<Result<LibraryFileVersion[], DomainError>> {
  const versions = await store.read((tx) => tx.library.versions(fileName));
  return versions.length > 0 ? ok(versions) : err({ code: "LibraryFileNotFound", fileName });
}

/** The version of a name with that content, or the present version. */
export async function getLibraryFile(
  { store }: ServiceContext,
  fileName: string,
  sha256: string | null,
): Promise<Result<LibraryFile, DomainError>> {
  const file = await store.read(async (tx) => {
    if (sha256 === null) return tx.library.byName(fileName);
    return (await tx.library.versions(fileName)).find((version) => version.sha256 === sha256);
  });
  return file ? ok(file) : err({ code: "LibraryFileNotFound", fileName });
}
