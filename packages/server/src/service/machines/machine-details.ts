import { ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import type { DomainError } from "../../domain/errors.ts";
import type { Machine } from "../../domain/machines/machine.ts";
import type { StoreTx } from "../../store/store.ts";
import type { ServiceContext } from "../context.ts";
import { machineByIdOrName } from "./get-machine.ts";

/** A machine and related facts from other rows. */
export interface MachineDetails {
  machine: Machine;
  groupName: string;
  enrollmentTokenId: string | null;
  /** The unfinished action; null when there is none. */
  unfinishedActionId: string | null;
}

/** `GET /halligan/v1/machines/{id}`: by id, or by a name like `GET /api/machines/{id}`. */
export function getMachineDetails(
  { store }: ServiceContext,
  caller: Caller,
  idOrName: string,
): Promise<Result<MachineDetails, DomainError>> {
  return store.read(async (tx): Promise<Result<MachineDetails, DomainError>> => {
    const found = await machineByIdOrName(tx, caller, idOrName);
    return found.ok ? ok(await detailsOf(tx, found.value)) : found;
  });
}

/** The details of a machine that a use case has just returned. */
export function readMachineDetails({ store }: ServiceContext, machine: Machine): Promise<MachineDetails> {
  return store.read((tx) => detailsOf(tx, machine));
}

async function detailsOf(tx: StoreTx, machine: Machine): Promise<MachineDetails> {
  const [group, enrollment, unfinished] = await Promise.all([
    tx.deviceGroups.byId(machine.groupId),
    tx.machines.enrollmentOf(machine.id),
    tx.actions.unfinishedOf(machine.id),
  ]);
  return {
    machine,
    groupName: group?.name ?? "",
    enrollmentTokenId: enrollment?.tokenId ?? null,
    unfinishedActionId: unfinished?.id ?? null,
  };
}
