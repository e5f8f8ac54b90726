import type { Caller } from "../../auth/caller.ts";
import type { DomainError } from "../../domain/errors.ts";
import type { LibraryFile } from "../../domain/library/library-file.ts";
import { type Result, refuse } from "../../domain/result.ts";
import { SERVER } from "../actor.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";
import { addLibraryFile, type LibraryFileInput } from "./add-library-file.ts";

/**
 * `addLibraryFile` for bytes that were uploaded a moment ago. An upload that finds its bytes in the blob store writes none, and what is there
 * may be unused and about to be removed. From the file's row on nothing marks them any more; so one look after it is enough. The caller
 * uploads again when they went.
 */
export async function addUploadedLibraryFile(
  context: ServiceContext,
  caller: Caller,
  input: LibraryFileInput,
  operation: "UploadLibraryFile" | "PutLibraryFile",
): Promise<Result<LibraryFile, DomainError>> {
  const { store, blobs, clock } = context;
  const { fileName, sha256 } = input;
  const added = await addLibraryFile(context, caller, input, operation);
  if (!added.ok) return added;
  const isMarked = await store.write(async (tx) => {
    await tx.library.lockContents();
    return tx.library.isBeingRemoved(sha256);
  });
  if (!isMarked && (await blobs.statLibrary(sha256)) !== null) return added;
  await store.write(async (tx) => {
    const nowMs = clock.nowMs();
    if (!(await tx.library.end(fileName, nowMs))) return;
    await auditChange(tx, SERVER, "LibraryContentRemoved", nowMs, { sha256, fileName });
  });
  return refuse({ code: "LibraryContentRemoved", sha256 });
}
