import type { MachineTagsRequest } from "@halligan/protocol/api";
import type { Caller } from "../auth/caller.ts";
import type { DomainError } from "../domain/errors.ts";
import type { Machine } from "../domain/machine.ts";
import { ok, type Result, refuse } from "../domain/result.ts";
import { auditChange } from "./audit.ts";
import type { ServiceContext } from "./context.ts";
import { reachableMachine } from "./reach.ts";

/** Tags that one machine may have: its record stays small. */
const MAX_TAGS = 100;

/** `POST /api/machines/{id}/tags`: adding a tag that is there, or removing one that is not, changes nothing and is no fault. */
export async function setMachineTag(
  { store, clock }: ServiceContext,
  caller: Caller,
  machineId: string,
  { Value: tag, Action: change }: MachineTagsRequest,
): Promise<Result<Machine, DomainError>> {
  return store.write(async (tx): Promise<Result<Machine, DomainError>> => {
    const machine = await reachableMachine(tx, caller, machineId);
    if (!machine) return refuse({ code: "MachineNotFound", machineId });
    const others = machine.tags.filter((one) => one !== tag);
    const tags = change === "Add" ? [...others, tag] : others;
    if (tags.length > MAX_TAGS)
      return refuse({ code: "InvalidInput", detail: `a machine has at most ${MAX_TAGS} tags` });
    const tagged: Machine = { ...machine, tags };
    await tx.machines.save(machine, tagged);
    await auditChange(tx, caller, "SetMachineTags", clock.nowMs(), { tag, change }, machineId);
    return ok(tagged);
  });
}
