import type { LibraryFileWire } from "@halligan/protocol/api";
import type { LibraryFile } from "../../../domain/library/library-file.ts";
import { wireTime } from "./wire-time.ts";

/** `docs/contract/http-api.md#library-files`. */
export function libraryFileWire(file: LibraryFile): LibraryFileWire {
  return {
    fileName: file.fileName,
    sha256: file.sha256,
    description: file.description,
    creationTime: wireTime(file.createdAtMs),
    lastUpdatedTime: wireTime(file.updatedAtMs),
    createdBy: file.createdBy,
    hasParameters: file.hasParameters,
    parametersDescription: file.parametersDescription,
  };
}
