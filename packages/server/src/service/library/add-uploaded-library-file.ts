import { err, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import type { DomainError } from "../../domain/errors.ts";
import type { LibraryFile } from "../../domain/library/library-file.ts";
import { SERVER } from "../actor.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";
import { addLibraryFile, type LibraryFileInput } from "./add-library-file.ts";

/**
 * `addLibraryFile` for bytes that were just uploaded. If the blob store already has the bytes, the
 * upload writes none, and the existing bytes may be unused and about to be removed. Once the file's
 * row exists, nothing marks them for removal, so one check after it is enough. If the bytes were
 * removed, the caller uploads again.
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
  return err({ code: "LibraryContentRemoved", sha256 });
}
