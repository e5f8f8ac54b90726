import { isPermission } from "@halligan/protocol/api";
import { err, ok, type Result } from "@halligan/protocol/errors";
import { accountOf, type Caller } from "../../auth/caller.ts";
import { hashSecret, newSecret } from "../../auth/secret-hash.ts";
import { readApplicationKeys } from "../../auth/tokens/application-key.ts";
import type { DomainError } from "../../domain/errors.ts";
import { applicationNameFault } from "../../domain/identity/application-name.ts";
import { grantFault } from "../../domain/identity/grants.ts";
import { ADMINISTRATOR } from "../../store/cluster/meta.ts";
import type { Application } from "../../store/identity/applications.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";

/** The secret is in no store and no log. Only the caller has it. */
export interface NewApplication {
  application: Application;
  /** Null for an application with keys. */
  clientSecret: string | null;
}

export interface NewApplicationInput {
  name: string;
  roles: readonly string[];
  /** Public JWKs for private_key_jwt. An application with keys gets no secret. */
  keys?: readonly Record<string, unknown>[] | undefined;
  /** When its secret expires; null for a secret without an expiry. */
  secretExpiresAtMs?: number | null;
}

/**
 * `POST /halligan/v1/applications`. The caller can grant only permissions that it has, unless the
 * deployment has another policy. The caller is responsible for the application: the new application
 * belongs to the caller's account. An application of the first administrator has an account of its
 * own.
 */
export async function createApplication(
  { store, clock, ids, policy }: Pick<ServiceContext, "store" | "clock" | "ids" | "policy">,
  caller: Caller,
  input: NewApplicationInput,
): Promise<Result<NewApplication, DomainError>> {
  const unknown = input.roles.filter((role) => !isPermission(role));
  if (unknown.length > 0) return err({ code: "InvalidInput", detail: `there is no permission ${unknown.join(", ")}` });
  const nameFault = applicationNameFault(input.name);
  if (nameFault !== null) return err({ code: "InvalidInput", detail: nameFault });
  const roles = input.roles.filter(isPermission);
  const notHeld = grantFault(policy.grants, caller, roles);
  if (notHeld.length > 0) return err({ code: "GrantNotHeld", permissions: notHeld });
  const nowMs = clock.nowMs();
  const expiresAtMs = input.secretExpiresAtMs ?? null;
  if (expiresAtMs !== null && expiresAtMs <= nowMs) return err(EXPIRY_PASSED);
  const read = await readApplicationKeys(input.keys ?? []);
  if (!read.ok) return err({ code: "InvalidInput", detail: read.error });
  const keys = read.value;
  // An application with keys has no use for a secret, and an unused secret can still leak.
  const clientSecret = keys.length > 0 ? null : newSecret(ids.random);
  const clientId = ids.guid();
  const secrets =
    clientSecret === null
      ? []
      : [{ id: ids.guid(), sha256: hashSecret(clientSecret), createdAtMs: nowMs, expiresAtMs }];
  const application = await store.write(async (tx) => {
    const account = accountOf(caller);
    const made: Application = {
      clientId,
      name: input.name,
      secrets,
      roles,
      keys,
      createdAtMs: nowMs,
      ownerId: account === (await tx.meta.get(ADMINISTRATOR)) ? null : account,
      tokenGeneration: 0,
    };
    await tx.applications.insert(made);
    const keyIds = keys.map(({ kid }) => kid);
    const { name, ownerId } = made;
    await auditChange(tx, caller, "CreateApplication", nowMs, { clientId, name, roles, keyIds, ownerId });
    return made;
  });
  return ok({ application, clientSecret });
}

export const EXPIRY_PASSED: DomainError = {
  code: "InvalidInput",
  detail: "the expiry time of the secret is in the past",
};
