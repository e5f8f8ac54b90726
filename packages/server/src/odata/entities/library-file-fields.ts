import { LibraryFileWire } from "@halligan/protocol/api";
import type { LibraryFile } from "../../domain/library/library-file.ts";
import { defineEntity, type Entity, type Field } from "../fields.ts";
import type { FieldValue } from "../filter.ts";

/**
 * Every property of the entity (docs/contract/http-api.md#library-files). The contract names no
 * filterable ones.
 */
const FIELDS = [
  { name: "fileName", kind: "text", letterCase: "ignored" },
  { name: "sha256", kind: "text", letterCase: "storedLower" },
  { name: "description", kind: "text", letterCase: "ignored" },
  { name: "creationTime", kind: "datetime" },
  { name: "lastUpdatedTime", kind: "datetime" },
  { name: "createdBy", kind: "text", letterCase: "ignored" },
  { name: "hasParameters", kind: "boolean" },
  { name: "parametersDescription", kind: "text", letterCase: "ignored" },
] as const satisfies readonly Field[];

export const LIBRARY_FILES: Entity = defineEntity(
  "library files",
  FIELDS,
  Object.keys(LibraryFileWire.properties).filter((name) => !name.startsWith("@")),
);

export const libraryFileRecord = (
  file: LibraryFile,
): Readonly<Record<(typeof FIELDS)[number]["name"], FieldValue>> => ({
  fileName: file.fileName,
  sha256: file.sha256,
  description: file.description,
  creationTime: file.createdAtMs,
  lastUpdatedTime: file.updatedAtMs,
  createdBy: file.createdBy,
  hasParameters: file.hasParameters,
  parametersDescription: file.parametersDescription,
});
