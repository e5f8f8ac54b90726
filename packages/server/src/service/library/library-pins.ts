import type { StartLiveResponseRequest } from "@halligan/protocol/api";
import { accountOf, type Caller } from "../../auth/caller.ts";
import { type AvailableContent, stagedHashes } from "../../domain/actions/chosen-content.ts";
import { type LibraryPin, libraryFileNameOf } from "../../domain/actions/command.ts";
import type { MachineAction } from "../../domain/actions/machine-action.ts";
import { libraryFileNames } from "../../domain/actions/new-machine-action.ts";
import type { DomainError } from "../../domain/errors.ts";
import type { Policy } from "../../domain/identity/policy.ts";
import type { LibraryFile } from "../../domain/library/library-file.ts";
import { type UsedContent, useFault } from "../../domain/library/library-rights.ts";
import type { StoreTx } from "../../store/store.ts";

/** The contents that the commands of a start name, as they are in the store. */
export interface NamedContent extends AvailableContent {
  readonly files: ReadonlyMap<string, LibraryFile>;
}

export async function namedContent(
  tx: StoreTx,
  caller: Caller,
  request: StartLiveResponseRequest,
): Promise<NamedContent> {
  const [found, staged] = await Promise.all([
    Promise.all(libraryFileNames(request.Commands).map((name) => tx.library.byName(name))),
    stagedPins(tx, caller, request),
  ]);
  const files = new Map(found.flatMap((file) => (file ? [[file.fileName, file]] : [])));
  const library = new Map([...files].map(([name, file]) => [name, pinOf(file)]));
  return { files, library, staged };
}

/**
 * The name of a library file with these bytes; one that the machine may run, if there is one. A
 * replaced file does not count: its owner took it out of use.
 */
export async function nameOfContent(tx: StoreTx, machine: { groupId: number }, sha256: string): Promise<string | null> {
  const files = await tx.library.byContent(sha256);
  const usable = files.find(({ deviceGroups }) => deviceGroups?.includes(machine.groupId) ?? true);
  return (usable ?? files[0])?.fileName ?? null;
}

/** Why the machine may not run the contents of a start. `pins`: one for each command, by index. */
export async function contentFault(
  tx: StoreTx,
  policy: Policy,
  caller: Caller,
  request: StartLiveResponseRequest,
  machine: { id: string; groupId: number },
  { files, pins }: { files: NamedContent["files"]; pins: readonly (LibraryPin | null)[] },
): Promise<DomainError | null> {
  for (const [index, command] of request.Commands.entries()) {
    const pin = pins[index];
    const fileName = libraryFileNameOf(command);
    if (fileName === null) continue;
    if (!pin) {
      if (policy.unknownLibraryFiles === "refuse") return { code: "LibraryFileNotFound", fileName };
      continue;
    }
    const file = pin.contentId === undefined ? files.get(fileName) : undefined;
    const own = { sha256: pin.sha256, ownerAccountId: accountOf(caller), deviceGroups: null };
    const fault = await faultOf(tx, policy, file ?? own, machine);
    if (fault) return fault;
  }
  return null;
}

/**
 * A library name that did not exist when its action was accepted is looked up once more when the
 * action is claimed. Only a file of the caller who asked for the action is used. Otherwise another
 * user who reads a mistyped name could add a script under it.
 */
export async function latePin(
  tx: StoreTx,
  policy: Policy,
  action: MachineAction,
  fileName: string,
): Promise<LibraryPin | null> {
  const file = await tx.library.byName(fileName);
  if (file?.ownerId !== action.requestorId) return null;
  const machine = await tx.machines.byId(action.machineId);
  return machine && !(await faultOf(tx, policy, file, machine)) ? pinOf(file) : null;
}

async function faultOf(
  tx: StoreTx,
  policy: Policy,
  content: UsedContent,
  machine: { id: string; groupId: number },
): Promise<DomainError | null> {
  const approvals = policy.libraryApproval ? await tx.libraryApprovals.of(content.sha256) : null;
  return useFault(content, machine, approvals?.map(({ accountId }) => accountId) ?? null);
}

const pinOf = ({ sha256, sizeBytes }: LibraryFile): LibraryPin => ({ sha256, sizeBytes });

/**
 * Only content that this caller has staged. Knowing a hash gives no access to the bytes of others.
 */
async function stagedPins(
  tx: StoreTx,
  caller: Caller,
  request: StartLiveResponseRequest,
): Promise<Map<string, LibraryPin>> {
  const contents = await Promise.all(
    stagedHashes(request.Commands).map((sha256) => tx.stagedContents.find(caller.id, sha256)),
  );
  return new Map(
    contents.flatMap((content) =>
      content
        ? [[content.sha256, { sha256: content.sha256, sizeBytes: content.sizeBytes, contentId: content.id }]]
        : [],
    ),
  );
}
