import type { Caller } from "../auth/caller.ts";
import type { DomainError } from "../domain/errors.ts";
import { ok, type Result, refuse } from "../domain/result.ts";
import { auditChange } from "./audit.ts";
import type { ServiceContext } from "./context.ts";

/** `DELETE /api/libraryfiles/{fileName}`: what an unfinished action refers to stays readable for it. */
export async function removeLibraryFile(
  { store, clock }: ServiceContext,
  caller: Caller,
  fileName: string,
): Promise<Result<null, DomainError>> {
  return store.write(async (tx): Promise<Result<null, DomainError>> => {
    const nowMs = clock.nowMs();
    if (!(await tx.library.end(fileName, nowMs))) return refuse({ code: "LibraryFileNotFound", fileName });
    await auditChange(tx, caller, "DeleteLibraryFile", nowMs, { fileName });
    return ok(null);
  });
}
