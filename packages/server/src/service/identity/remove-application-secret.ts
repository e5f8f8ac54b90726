import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import type { DomainError } from "../../domain/errors.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";

/**
 * `DELETE /halligan/v1/applications/{clientId}/secret`, for applications of older versions that
 * have a secret as well as keys. Refused for an application without a key, because it could no
 * longer sign in. If the secret was removed before, the request succeeds, because it may be a
 * repetition.
 */
export function removeApplicationSecret(
  { store, clock }: Pick<ServiceContext, "store" | "clock">,
  caller: Caller,
  clientId: string,
): Promise<Result<null, DomainError>> {
  return store.write(async (tx): Promise<Result<null, DomainError>> => {
    const application = await tx.applications.byClientId(clientId);
    if (!application) return err({ code: "ApplicationNotFound", clientId });
    if (application.keys.length === 0) return err({ code: "ApplicationHasNoKey", clientId });
    if (await tx.applications.removeSecrets(clientId)) {
      const record = { clientId: application.clientId };
      await auditChange(tx, caller, "DeleteApplicationSecret", clock.nowMs(), record);
    }
    return ok(null);
  });
}
