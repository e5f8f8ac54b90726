import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import { hashSecret, newSecret } from "../../auth/secret-hash.ts";
import type { DomainError } from "../../domain/errors.ts";
import { type ApplicationSecret, isSecretUsable, MAX_SECRETS } from "../../domain/identity/application-secret.ts";
import { grantFault } from "../../domain/identity/grants.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";
import { EXPIRY_PASSED } from "./create-application.ts";

export interface NewSecret {
  secret: ApplicationSecret;
  /** Shown only once. */
  clientSecret: string;
}

/**
 * `POST /halligan/v1/applications/{clientId}/secrets`: adds a secret, so that installations can
 * change over one by one. Its holder can sign in as the application, so the caller needs all
 * permissions of the application.
 */
export async function addApplicationSecret(
  { store, clock, ids, policy }: Pick<ServiceContext, "store" | "clock" | "ids" | "policy">,
  caller: Caller,
  clientId: string,
  expiresAtMs: number | null,
): Promise<Result<NewSecret, DomainError>> {
  const clientSecret = newSecret(ids.random);
  const secretId = ids.guid();
  return store.write(async (tx): Promise<Result<NewSecret, DomainError>> => {
    const nowMs = clock.nowMs();
    const application = await tx.applications.byClientId(clientId);
    if (!application) return err({ code: "ApplicationNotFound", clientId });
    const notHeld = caller.id === application.clientId ? [] : grantFault(policy.grants, caller, application.roles);
    if (notHeld.length > 0) return err({ code: "GrantNotHeld", permissions: notHeld });
    if (application.keys.length > 0) return err({ code: "ApplicationHasKeys", clientId });
    if (expiresAtMs !== null && expiresAtMs <= nowMs) return err(EXPIRY_PASSED);
    if (application.secrets.length >= MAX_SECRETS) return err({ code: "TooManySecrets", limit: MAX_SECRETS });
    const secret = { id: secretId, sha256: hashSecret(clientSecret), createdAtMs: nowMs, expiresAtMs };
    await tx.applications.insertSecret(application.clientId, secret);
    const detail = {
      clientId: application.clientId,
      secretId,
      expiresAt: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
    };
    await auditChange(tx, caller, "AddApplicationSecret", nowMs, detail);
    return ok({ secret, clientSecret });
  });
}

/**
 * `DELETE /halligan/v1/applications/{clientId}/secrets/{secretId}`: tokens that were issued for it
 * are refused from then on.
 */
export function removeOneApplicationSecret(
  { store, clock }: Pick<ServiceContext, "store" | "clock">,
  caller: Caller,
  clientId: string,
  secretId: string,
): Promise<Result<null, DomainError>> {
  return store.write(async (tx): Promise<Result<null, DomainError>> => {
    const application = await tx.applications.byClientId(clientId);
    if (!application) return err({ code: "ApplicationNotFound", clientId });
    const nowMs = clock.nowMs();
    const removed = application.secrets.find(({ id }) => id === secretId.toLowerCase());
    if (!removed) return err({ code: "ApplicationSecretNotFound", clientId, secretId });
    const others = application.secrets.filter(({ id }) => id !== removed.id);
    const isLast = isSecretUsable(removed, nowMs) && !others.some((other) => isSecretUsable(other, nowMs));
    // Otherwise the last administrator could lose its secret.
    if (isLast && application.keys.length === 0 && caller.id === application.clientId) {
      return err({ code: "ApplicationSecretInUse", clientId: application.clientId, secretId: removed.id });
    }
    await tx.applications.removeSecret(application.clientId, removed.id);
    const detail = { clientId: application.clientId, secretId: removed.id };
    await auditChange(tx, caller, "RemoveApplicationSecret", nowMs, detail);
    return ok(null);
  });
}

/**
 * `POST /halligan/v1/applications/{clientId}/revoke-tokens`: refuses the application's access
 * tokens and result links from then on. It may sign in again.
 */
export function revokeApplicationTokens(
  { store, clock }: Pick<ServiceContext, "store" | "clock">,
  caller: Caller,
  clientId: string,
): Promise<Result<null, DomainError>> {
  return store.write(async (tx): Promise<Result<null, DomainError>> => {
    if (!(await tx.applications.revokeTokens(clientId))) return err({ code: "ApplicationNotFound", clientId });
    await auditChange(tx, caller, "RevokeApplicationTokens", clock.nowMs(), { clientId: clientId.toLowerCase() });
    return ok(null);
  });
}
