import { err, ok, type Result } from "@halligan/protocol/errors";
import type { DomainError } from "../errors.ts";
import { isInScope, type MachineScope } from "../machines/device-group.ts";
import type { LibraryFile } from "./library-file.ts";

/** The facts about the caller that the rule uses. */
export interface LibraryChanger {
  readonly id: string;
  /** Has `Halligan.Library.Override`. */
  readonly mayOverride: boolean;
  /** The device groups that the caller reaches. */
  readonly scope: MachineScope;
}

type Owned = Pick<LibraryFile, "fileName" | "ownerId" | "deviceGroups">;

/**
 * Whether a caller may upload content under a name or remove it. Others run files by name, so a
 * caller who replaces the bytes runs code on their behalf. A name keeps its owner after its file
 * was removed; otherwise removing and adding would take it over. `last`: the present or the last
 * file of the name.
 */
export function changeFault(changer: LibraryChanger, last: Owned | undefined): DomainError | null {
  if (last === undefined) return null;
  const { fileName, deviceGroups } = last;
  if (!areAllInScope(changer.scope, deviceGroups)) return { code: "LibraryFileOfOtherGroups", fileName };
  return changer.mayOverride || last.ownerId === changer.id ? null : { code: "LibraryFileOfAnother", fileName };
}

/**
 * The device groups whose machines may run a new upload: those in the request, or else those of the
 * file that it replaces. If it replaces none and the caller does not reach all machines, it is
 * limited to the groups that the caller reaches, because it would run on the others with full
 * rights. Null for all groups.
 */
export function groupsOfUpload(
  { scope }: Pick<LibraryChanger, "scope">,
  asked: readonly number[] | "all" | undefined,
  present: Owned | undefined,
): Result<readonly number[] | null, DomainError> {
  if (asked === "all") {
    return scope.kind === "all" ? ok(null) : err({ code: "LibraryFileUnbound" });
  }
  const groups = asked ?? (present ? present.deviceGroups : scope.kind === "all" ? null : scope.groupIds);
  const foreign = groups?.find((id) => !isInScope(scope, id));
  return foreign === undefined ? ok(groups) : err({ code: "DeviceGroupNotFound", groupId: foreign });
}

/** Content that a command would run. */
export interface UsedContent {
  readonly sha256: string;
  /** The account that uploaded it; null when unknown. */
  readonly ownerAccountId: string | null;
  /** Null for all. */
  readonly deviceGroups: readonly number[] | null;
}

/**
 * Why a machine of a group may not run content: it is limited to other groups, or the deployment
 * requires an approval by an account other than the uploader's. `approvers`: accounts that approved
 * these bytes; null when no approval is required.
 */
export function useFault(
  content: UsedContent,
  machine: { readonly id: string; readonly groupId: number },
  approvers: readonly string[] | null,
): DomainError | null {
  const { sha256, deviceGroups, ownerAccountId } = content;
  if (deviceGroups !== null && !deviceGroups.includes(machine.groupId)) {
    return { code: "ContentOfOtherGroups", sha256, machineId: machine.id };
  }
  if (approvers === null || approvers.some((account) => account !== ownerAccountId)) return null;
  return { code: "ContentNotApproved", sha256 };
}

const areAllInScope = (scope: MachineScope, groups: readonly number[] | null): boolean =>
  groups === null || groups.every((id) => isInScope(scope, id));
