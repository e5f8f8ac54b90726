import { isPermission } from "@halligan/protocol/api";
import { accountOf, type Caller } from "../../auth/caller.ts";
import { hashSecret, newSecret } from "../../auth/secret-hash.ts";
import { readApplicationKeys } from "../../auth/tokens/application-key.ts";
import type { DomainError } from "../../domain/errors.ts";
import { applicationNameFault } from "../../domain/identity/application-name.ts";
import { grantFault } from "../../domain/identity/grants.ts";
import { ok, type Result, refuse } from "../../domain/result.ts";
import { ADMINISTRATOR } from "../../store/cluster/meta.ts";
import type { Application } from "../../store/identity/applications.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";

/** The secret is in no store and no log; whoever asked is the only one who has it. */
export interface NewApplication {
  application: Application;
  /** Null for one with keys. */
  clientSecret: string | null;
}

export interface NewApplicationInput {
  name: string;
  roles: readonly string[];
  /** Public JWKs for private_key_jwt. With any of them it gets no secret. */
  keys?: readonly Record<string, unknown>[] | undefined;
  /** When its secret ends; null for a secret without an end. */
  secretExpiresAtMs?: number | null;
}

/**
 * `POST /halligan/v1/applications`. The caller hands on what it holds, unless the deployment says
 * otherwise, and stands for what it makes: its account is the new application's. An application of
 * the first administrator stands for itself.
 */
export async function createApplication(
  { store, clock, ids, policy }: Pick<ServiceContext, "store" | "clock" | "ids" | "policy">,
  caller: Caller,
  input: NewApplicationInput,
): Promise<Result<NewApplication, DomainError>> {
  const unknown = input.roles.filter((role) => !isPermission(role));
  if (unknown.length > 0)
    return refuse({ code: "InvalidInput", detail: `there is no permission ${unknown.join(", ")}` });
  const nameFault = applicationNameFault(input.name);
  if (nameFault !== null) return refuse({ code: "InvalidInput", detail: nameFault });
  const roles = input.roles.filter(isPermission);
  const notHeld = grantFault(policy.grants, caller, roles);
  if (notHeld.length > 0) return refuse({ code: "GrantNotHeld", permissions: notHeld });
  const nowMs = clock.nowMs();
  const expiresAtMs = input.secretExpiresAtMs ?? null;
  if (expiresAtMs !== null && expiresAtMs <= nowMs) return refuse(EXPIRY_PASSED);
  const read = await readApplicationKeys(input.keys ?? []);
  if ("fault" in read) return refuse({ code: "InvalidInput", detail: read.fault });
  // An unused secret is one more thing that can leak.
  const clientSecret = read.keys.length > 0 ? null : newSecret(ids.random);
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
      keys: read.keys,
      createdAtMs: nowMs,
      ownerId: account === (await tx.meta.get(ADMINISTRATOR)) ? null : account,
      tokenGeneration: 0,
    };
    await tx.applications.insert(made);
    const keyIds = read.keys.map(({ kid }) => kid);
    const { name, ownerId } = made;
    await auditChange(tx, caller, "CreateApplication", nowMs, { clientId, name, roles, keyIds, ownerId });
    return made;
  });
  return ok({ application, clientSecret });
}

export const EXPIRY_PASSED: DomainError = {
  code: "InvalidInput",
  detail: "the time at which the secret expires has passed already",
};
