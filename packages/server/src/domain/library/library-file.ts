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
  /** Id of the caller who uploaded it; null when unknown. */
  ownerId: string | null;
  /** The account of that caller. */
  ownerAccountId: string | null;
  /** Ids of the device groups whose machines may run it; null for all. */
  deviceGroups: readonly number[] | null;
}

/**
 * One upload under a name. `endedAtMs`: when it was replaced or removed; null for the present
 * version.
 */
export interface LibraryFileVersion extends LibraryFile {
  endedAtMs: number | null;
}

/**
 * Checks a name by the rules of the contract's upload: `docs/contract/http-api.md#library-files`.
 * Null when it is allowed.
 */
export function contractFileNameFault(fileName: string): DomainError | null {
  if (LIBRARY_FILE_NAME.test(fileName)) return null;
  return {
    code: "InvalidInput",
    detail: `the file name ${JSON.stringify(fileName.slice(0, 200))} may only have letters, digits, "-", "_" and ".", and at most 128 of them`,
  };
}

/**
 * Names are only data on the server but become file names on devices. Halligan's own upload accepts
 * every name that can be one. Null when it is allowed.
 */
export function libraryFileNameFault(fileName: string): DomainError | null {
  const fault = fileNameFault(fileName);
  if (fault === null) return null;
  return { code: "InvalidInput", detail: `the file name ${JSON.stringify(fileName.slice(0, 200))} ${fault}` };
}
