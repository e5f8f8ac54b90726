import { MAX_MACHINE_TAGS, type MachineTagsRequest } from "@halligan/protocol/api";
import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import type { DomainError } from "../../domain/errors.ts";
import type { Machine } from "../../domain/machines/machine.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";
import { machineInScope } from "../machine-scope.ts";

/** `PUT /halligan/v1/machines/{id}/tags`: replaces the tags of the machine. */
export async function replaceMachineTags(
  { store, clock }: ServiceContext,
  caller: Caller,
  machineId: string,
  tags: readonly string[],
): Promise<Result<Machine, DomainError>> {
  return store.write(async (tx): Promise<Result<Machine, DomainError>> => {
    const machine = await machineInScope(tx, caller, machineId);
    if (!machine) return err({ code: "MachineNotFound", machineId });
    const tagged: Machine = { ...machine, tags };
    await tx.machines.save(machine, tagged);
    const detail = {
      added: tags.filter((tag) => !machine.tags.includes(tag)),
      removed: machine.tags.filter((tag) => !tags.includes(tag)),
    };
    await auditChange(tx, caller, "ReplaceMachineTags", clock.nowMs(), detail, machineId);
    return ok(tagged);
  });
}

/**
 * `POST /api/machines/{id}/tags`. Adding an existing tag, or removing a missing one, changes
 * nothing and is not an error.
 */
export async function setMachineTag(
  { store, clock }: ServiceContext,
  caller: Caller,
  machineId: string,
  { Value: tag, Action: change }: MachineTagsRequest,
): Promise<Result<Machine, DomainError>> {
  return store.write(async (tx): Promise<Result<Machine, DomainError>> => {
    const machine = await machineInScope(tx, caller, machineId);
    if (!machine) return err({ code: "MachineNotFound", machineId });
    const others = machine.tags.filter((one) => one !== tag);
    const tags = change === "Add" ? [...others, tag] : others;
    if (tags.length > MAX_MACHINE_TAGS)
      return err({ code: "InvalidInput", detail: `a machine has at most ${MAX_MACHINE_TAGS} tags` });
    const tagged: Machine = { ...machine, tags };
    await tx.machines.save(machine, tagged);
    await auditChange(tx, caller, "SetMachineTags", clock.nowMs(), { tag, change }, machineId);
    return ok(tagged);
  });
}
