import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import type { MachineAction } from "../../domain/actions/machine-action.ts";
import type { DomainError } from "../../domain/errors.ts";
import type { ServiceContext } from "../context.ts";
import { actionInScope } from "../machine-scope.ts";

/** `GET /api/machineactions/{id}` */
export async function getMachineAction(
  { store }: ServiceContext,
  caller: Caller,
  actionId: string,
): Promise<Result<MachineAction, DomainError>> {
  const action = await store.read((tx) => actionInScope(tx, caller, actionId));
  return action ? ok(action) : err({ code: "MachineActionNotFound", actionId });
}
