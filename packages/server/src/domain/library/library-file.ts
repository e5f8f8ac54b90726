import { fileNameFault, LIBRARY_FILE_NAME } from "@halligan/protocol/api";
import type { DomainError } from "../errors.ts";

/** The present version of a library file. Its content is in the blob store under its SHA-256. */
export interface LibraryFile {
  fileName: string;
  sha256: string;
  sizeBytes: number;
  description: string | null;
  hasParameters: boolean;
  parametersDescription: string | null;
  createdBy: string;
  createdAtMs: number;
  updatedBy: string;
  updatedAtMs: number;
  /** Id of the caller who uploaded it; null where that is not known. */
  ownerId: string | null;
  /** The account of that caller. */
  ownerAccountId: string | null;
  /** Ids of the device groups whose machines may run it; null for all. */
  deviceGroups: readonly number[] | null;
}

/** One upload of a name; `endedAtMs` is when it was replaced or removed, null for the present one. */
export interface LibraryFileVersion extends LibraryFile {
  endedAtMs: number | null;
}

/**
 * Names as the contract's upload takes them: `docs/contract/http-api.md#library-files`. Null when
 * it is good.
 */
export function contractFileNameFault(fileName: string): DomainError | null {
  if (LIBRARY_FILE_NAME.test(fileName)) return null;
  return {
    code: "InvalidInput",
    detail: `the file name ${JSON.stringify(fileName.slice(0, 200))} may only have letters, digits, "-", "_" and ".", and at most 128 of them`,
  };
}

/** Names are data on the server, but file names on devices. Halligan's own upload takes every one that can be. Null when it is good. */
export function libraryFileNameFault(fileName: string): DomainError | null {
  const fault = fileNameFault(fileName);
  if (fault === null) return null;
  return { code: "InvalidInput", detail: `the file name ${JSON.stringify(fileName.slice(0, 200))} ${fault}` };
}
