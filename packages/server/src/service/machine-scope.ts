import type { Caller } from "../auth/caller.ts";
import type { MachineAction } from "../domain/actions/machine-action.ts";
import { isInScope, type MachineScope, scopeOfUser } from "../domain/machines/device-group.ts";
import type { Machine } from "../domain/machines/machine.ts";
import type { StoreTx } from "../store/store.ts";

/**
 * The machine scope of a caller. Applications reach the whole deployment, users the machines of
 * their device groups (docs/contract/auth.md#permission-names).
 */
export async function scopeOf(tx: StoreTx, caller: Caller): Promise<MachineScope> {
  if (caller.kind === "application") return { kind: "all" };
  return scopeOfUser(caller, await tx.deviceGroups.list());
}

/** The machine. Refused as unknown if it was removed or is outside the caller's machine scope. */
export async function machineInScope(tx: StoreTx, caller: Caller, machineId: string): Promise<Machine | undefined> {
  const machine = await tx.machines.byId(machineId);
  if (!machine || machine.removedAtMs !== null) return undefined;
  return isInScope(await scopeOf(tx, caller), machine.groupId) ? machine : undefined;
}

/**
 * Whether a caller may see an action: if the caller reaches its machine, also after the machine was
 * removed.
 */
export async function actionInScope(tx: StoreTx, caller: Caller, actionId: string): Promise<MachineAction | undefined> {
  const action = await tx.actions.byId(actionId.toLowerCase());
  if (!action || caller.kind === "application") return action;
  const machine = await tx.machines.byId(action.machineId);
  return machine && isInScope(await scopeOf(tx, caller), machine.groupId) ? action : undefined;
}
