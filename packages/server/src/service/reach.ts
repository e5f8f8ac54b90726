import type { Caller } from "../auth/caller.ts";
import type { MachineAction } from "../domain/actions/machine-action.ts";
import { type Reach, reaches, reachOfUser } from "../domain/machines/device-group.ts";
import type { Machine } from "../domain/machines/machine.ts";
import type { StoreTx } from "../store/store.ts";

/**
 * Applications reach the whole deployment, users the machines of their device groups
 * (docs/contract/auth.md#permission-names).
 */
export async function reachOf(tx: StoreTx, caller: Caller): Promise<Reach> {
  if (caller.kind === "application") return { kind: "all" };
  return reachOfUser(caller, await tx.deviceGroups.list());
}

/**
 * The machine, unless it was removed or is outside the caller's reach: then it is as if there were
 * none.
 */
export async function reachableMachine(tx: StoreTx, caller: Caller, machineId: string): Promise<Machine | undefined> {
  const machine = await tx.machines.byId(machineId);
  if (!machine || machine.removedAtMs !== null) return undefined;
  return reaches(await reachOf(tx, caller), machine.groupId) ? machine : undefined;
}

/** An action belongs to the callers who reach its machine, also after the machine was removed. */
export async function reachableAction(
  tx: StoreTx,
  caller: Caller,
  actionId: string,
): Promise<MachineAction | undefined> {
  const action = await tx.actions.byId(actionId.toLowerCase());
  if (!action || caller.kind === "application") return action;
  const machine = await tx.machines.byId(action.machineId);
  return machine && reaches(await reachOf(tx, caller), machine.groupId) ? action : undefined;
}
