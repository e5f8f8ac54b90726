import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import type { DomainError } from "../../domain/errors.ts";
import { changeFault } from "../../domain/library/library-rights.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";
import { changerOf } from "./add-library-file.ts";

/**
 * `DELETE /api/libraryfiles/{fileName}`. The content stays readable for unfinished actions that
 * refer to it.
 */
export async function removeLibraryFile(
  { store, clock }: ServiceContext,
  caller: Caller,
  fileName: string,
): Promise<Result<null, DomainError>> {
  return store.write(async (tx): Promise<Result<null, DomainError>> => {
    const nowMs = clock.nowMs();
    const present = await tx.library.byName(fileName);
    if (!present) return err({ code: "LibraryFileNotFound", fileName });
    const fault = changeFault(await changerOf(tx, caller), present);
    if (fault) return err(fault);
    if (!(await tx.library.end(fileName, nowMs))) return err({ code: "LibraryFileNotFound", fileName });
    await auditChange(tx, caller, "DeleteLibraryFile", nowMs, { fileName });
    return ok(null);
  });
}
