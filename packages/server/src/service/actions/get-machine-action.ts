import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import type { MachineAction } from "../../domain/actions/machine-action.ts";
import type { DomainError } from "../../domain/errors.ts";
import type { ServiceContext } from "../context.ts";
import { actionInScope } from "../machine-scope.ts";
import { type ActionNow, withWaiting } from "./watch/read-waiting.ts";

/** `GET /api/machineactions/{id}` */
export async function getMachineAction(
  { store }: ServiceContext,
  caller: Caller,
  actionId: string,
): Promise<Result<MachineAction, DomainError>> {
  const action = await store.read((tx) => actionInScope(tx, caller, actionId));
  return action ? ok(action) : err({ code: "MachineActionNotFound", actionId });
}

/** `GET /halligan/v1/actions/{id}` and its timing: with what the action waits for. */
export async function getActionNow(
  context: ServiceContext,
  caller: Caller,
  actionId: string,
): Promise<Result<ActionNow, DomainError>> {
  const now = await context.store.read(async (tx) => {
    const action = await actionInScope(tx, caller, actionId);
    return action && withWaiting(context, tx, action);
  });
  return now ? ok(now) : err({ code: "MachineActionNotFound", actionId });
}
