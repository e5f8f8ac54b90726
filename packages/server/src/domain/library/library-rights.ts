import type { DomainError } from "../errors.ts";
import { type Reach, reaches } from "../machines/device-group.ts";
import { ok, type Result, refuse } from "../result.ts";
import type { LibraryFile } from "./library-file.ts";

/** Who changes a file, as far as the rule looks. */
export interface LibraryChanger {
  readonly id: string;
  /** Has `Halligan.Library.Override`. */
  readonly mayOverride: boolean;
  /** The device groups that the caller reaches. */
  readonly reach: Reach;
}

type Owned = Pick<LibraryFile, "fileName" | "ownerId" | "deviceGroups">;

/**
 * Whether a name may be given content or be removed. Others run a file by its name, so whoever gives
 * the name other bytes runs code in their place. A name keeps its owner after its file was removed:
 * otherwise removing and adding would take it over. `last`: the present or the last file of the name.
 */
export function changeFault(changer: LibraryChanger, last: Owned | undefined): DomainError | null {
  if (last === undefined) return null;
  const { fileName, deviceGroups } = last;
  if (!reachesAll(changer.reach, deviceGroups)) return { code: "LibraryFileOfOtherGroups", fileName };
  return changer.mayOverride || last.ownerId === changer.id ? null : { code: "LibraryFileOfAnother", fileName };
}

/**
 * The device groups whose machines may run a file that is uploaded: those asked for, else those of
 * the file that it replaces. A new file of a caller who does not reach all machines is bound to those
 * that the caller reaches, because it would run on the others with full rights. Null for all groups.
 */
export function groupsOfUpload(
  { reach }: Pick<LibraryChanger, "reach">,
  asked: readonly number[] | "all" | undefined,
  present: Owned | undefined,
): Result<readonly number[] | null, DomainError> {
  if (asked === "all") {
    return reach.kind === "all" ? ok(null) : refuse({ code: "LibraryFileUnbound" });
  }
  const groups = asked ?? (present ? present.deviceGroups : reach.kind === "all" ? null : reach.groupIds);
  const foreign = groups?.find((id) => !reaches(reach, id));
  return foreign === undefined ? ok(groups) : refuse({ code: "DeviceGroupNotFound", groupId: foreign });
}

/** Content that a command would run. */
export interface UsedContent {
  readonly sha256: string;
  /** The account that uploaded it; null where that is not known. */
  readonly ownerAccountId: string | null;
  /** Null for all. */
  readonly deviceGroups: readonly number[] | null;
}

/**
 * Why a machine of a group may not run content: it is bound to other groups, or the deployment wants
 * an approval by another account than the one that uploaded it. `approvers`: accounts that approved
 * these bytes; null where no approval is asked for.
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

const reachesAll = (reach: Reach, groups: readonly number[] | null): boolean =>
  groups === null || groups.every((id) => reaches(reach, id));
