import { err, ok, type Result } from "@halligan/protocol/errors";
import { accountOf, type Caller, holds } from "../../auth/caller.ts";
import type { DomainError } from "../../domain/errors.ts";
import { type LibraryFile, libraryFileNameFault } from "../../domain/library/library-file.ts";
import { changeFault, groupsOfUpload, type LibraryChanger } from "../../domain/library/library-rights.ts";
import type { StoreTx } from "../../store/store.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";
import { scopeOf } from "../machine-scope.ts";

export interface LibraryFileInput {
  fileName: string;
  /** The content, already durable in the blob store. */
  sha256: string;
  sizeBytes: number;
  description: string | null;
  hasParameters: boolean;
  parametersDescription: string | null;
  overrideIfExists: boolean;
  /**
   * The properties that the file takes from the one that it replaces, because the request does not
   * contain them. Default: none.
   */
  keeps?: { readonly description: boolean; readonly parameters: boolean };
  /**
   * Ids of the device groups whose machines may run it. Default: those of the file that it
   * replaces.
   */
  deviceGroups?: readonly number[] | "all";
}

export const changerOf = async (tx: StoreTx, caller: Caller): Promise<LibraryChanger> => ({
  id: caller.id,
  mayOverride: holds(caller, "Halligan.Library.Override"),
  scope: await wholeScope(tx, caller),
});

/**
 * A user who reaches every group counts as one who reaches all, so that their file is available to
 * machines of later groups too.
 */
async function wholeScope(tx: StoreTx, caller: Caller): Promise<LibraryChanger["scope"]> {
  const scope = await scopeOf(tx, caller);
  if (scope.kind === "all") return scope;
  const groups = await tx.deviceGroups.list();
  return groups.length === scope.groupIds.length ? { kind: "all" } : scope;
}

/**
 * `POST /api/libraryfiles`, `PUT /halligan/v1/library/{fileName}`. The replaced version stays as
 * history. `operation`: the name of the route, for the audit log.
 */
export async function addLibraryFile(
  { store, clock }: ServiceContext,
  caller: Caller,
  input: LibraryFileInput,
  operation: "UploadLibraryFile" | "PutLibraryFile" = "UploadLibraryFile",
): Promise<Result<LibraryFile, DomainError>> {
  const nameFault = libraryFileNameFault(input.fileName);
  if (nameFault) return err(nameFault);
  return store.write(async (tx): Promise<Result<LibraryFile, DomainError>> => {
    const nowMs = clock.nowMs();
    const last = await tx.library.lastOf(input.fileName);
    const present = last?.endedAtMs === null ? last : undefined;
    if (present && !input.overrideIfExists) return err({ code: "LibraryFileExists", fileName: input.fileName });
    const changer = await changerOf(tx, caller);
    const fault = changeFault(changer, last);
    if (fault) return err(fault);
    const deviceGroups = groupsOfUpload(changer, input.deviceGroups, present);
    if (!deviceGroups.ok) return deviceGroups;
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
      ownerId: caller.id,
      ownerAccountId: accountOf(caller),
      deviceGroups: deviceGroups.value,
    };
    // Ends only the version that was read. If another upload came in between, the insert fails, and
    // the second attempt sees that upload.
    if (present) await tx.library.end(input.fileName, nowMs);
    await tx.library.insert(file);
    const { fileName, sha256 } = file;
    const bound = file.deviceGroups && { deviceGroups: file.deviceGroups };
    await auditChange(tx, caller, operation, nowMs, { fileName, sha256, ...bound });
    return ok(file);
  });
}
