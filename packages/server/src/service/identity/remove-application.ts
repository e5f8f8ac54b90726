import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import type { DomainError } from "../../domain/errors.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";

/**
 * The application's tokens are refused from then on. An application cannot remove itself, because
 * it may be the last administrator.
 */
export async function removeApplication(
  { store, clock }: ServiceContext,
  caller: Caller,
  clientId: string,
): Promise<Result<null, DomainError>> {
  return store.write(async (tx): Promise<Result<null, DomainError>> => {
    const nowMs = clock.nowMs();
    const application = await tx.applications.byClientId(clientId);
    if (!application) return err({ code: "ApplicationNotFound", clientId });
    // The stored id is used, because the id in the request may be in another letter case.
    if (caller.id === application.clientId) return err({ code: "ApplicationInUse", clientId: caller.id });
    await tx.applications.remove(application.clientId, nowMs);
    await auditChange(tx, caller, "DeleteApplication", nowMs, { clientId: application.clientId });
    return ok(null);
  });
}
