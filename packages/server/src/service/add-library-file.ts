import type { Caller } from "../auth/caller.ts";
import type { DomainError } from "../domain/errors.ts";
import { type LibraryFile, libraryFileNameFault } from "../domain/library-file.ts";
import { ok, type Result, refuse } from "../domain/result.ts";
import { auditChange } from "./audit.ts";
import type { ServiceContext } from "./context.ts";

export interface LibraryFileInput {
  fileName: string;
  /** The content, already durable in the blob store. */
  sha256: string;
  sizeBytes: number;
  description: string | null;
  hasParameters: boolean;
  parametersDescription: string | null;
  overrideIfExists: boolean;
  /** What a file that is replaced hands on to this one, because the caller said nothing of it. Default nothing. */
  keeps?: { readonly description: boolean; readonly parameters: boolean };
}

/**
 * `POST /api/libraryfiles`, `PUT /halligan/v1/library/{fileName}`. What was there before stays as
 * history. `operation`: the route, for the audit.
 */
export async function addLibraryFile(
  { store, clock }: ServiceContext,
  caller: Caller,
  input: LibraryFileInput,
  operation: "UploadLibraryFile" | "PutLibraryFile" = "UploadLibraryFile",
): Promise<Result<LibraryFile, DomainError>> {
  const nameFault = libraryFileNameFault(input.fileName);
  if (nameFault) return refuse(nameFault);
  return store.write(async (tx): Promise<Result<LibraryFile, DomainError>> => {
    const nowMs = clock.nowMs();
    const present = await tx.library.byName(input.fileName);
    if (present && !input.overrideIfExists) return refuse({ code: "LibraryFileExists", fileName: input.fileName });
    const { description } = (input.keeps?.description && present) || input;
    const { hasParameters, parametersDescription } = (input.keeps?.parameters && present) || input;
    const file: LibraryFile = {
      fileName: input.fileName,
      sha256: input.sha256,
      sizeBytes: input.sizeBytes,
      description,
      hasParameters,
      parametersDescription,
      createdBy: present?.createdBy ?? caller.name,
      createdAtMs: present?.createdAtMs ?? nowMs,
      updatedBy: caller.name,
      updatedAtMs: nowMs,
    };
    // Only what was seen: an upload of somebody else in between makes the insert fail, and the second look finds it.
    if (present) await tx.library.end(input.fileName, nowMs);
    await tx.library.insert(file);
    await auditChange(tx, caller, operation, nowMs, { fileName: file.fileName, sha256: file.sha256 });
    return ok(file);
  });
}
