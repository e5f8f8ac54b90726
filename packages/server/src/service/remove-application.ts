import type { Caller } from "../auth/caller.ts";
import type { DomainError } from "../domain/errors.ts";
import { ok, type Result, refuse } from "../domain/result.ts";
import { auditChange } from "./audit.ts";
import type { ServiceContext } from "./context.ts";

/** Its tokens are refused from then on. An application cannot remove itself: the last administrator would be gone. */
export async function removeApplication(
  { store, clock }: ServiceContext,
  caller: Caller,
  clientId: string,
): Promise<Result<null, DomainError>> {
  if (caller.id === clientId) return refuse({ code: "ApplicationInUse", clientId });
  return store.write(async (tx): Promise<Result<null, DomainError>> => {
    const nowMs = clock.nowMs();
    if (!(await tx.applications.remove(clientId, nowMs))) return refuse({ code: "ApplicationNotFound", clientId });
    await auditChange(tx, caller, "DeleteApplication", nowMs, { clientId });
    return ok(null);
  });
}
