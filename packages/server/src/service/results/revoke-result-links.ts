import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import type { DomainError } from "../../domain/errors.ts";
import type { ServiceContext } from "../context.ts";
import { events } from "../events.ts";
import { actionInScope } from "../machine-scope.ts";

/**
 * `POST /halligan/v1/actions/{id}/revoke-links`: refuses every existing link to a result of the
 * action from then on. New links can be made.
 */
export function revokeResultLinks(
  { store, clock }: ServiceContext,
  caller: Caller,
  actionId: string,
): Promise<Result<null, DomainError>> {
  return store.write(async (tx): Promise<Result<null, DomainError>> => {
    const action = await actionInScope(tx, caller, actionId);
    if (!action) return err({ code: "MachineActionNotFound", actionId });
    await tx.resultLinks.revoke(action.id);
    await events.resultLinksRevoked(tx, caller, action, clock.nowMs());
    return ok(null);
  });
}
