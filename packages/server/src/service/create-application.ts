import { isPermission } from "@halligan/protocol/api";
import { readApplicationKeys } from "../auth/application-key.ts";
import { hashSecret, newSecret } from "../auth/secret-hash.ts";
import type { DomainError } from "../domain/errors.ts";
import { ok, type Result, refuse } from "../domain/result.ts";
import type { Application } from "../store/applications.ts";
import { auditChange } from "./audit.ts";
import type { ServiceContext } from "./context.ts";
import type { Actor } from "./events.ts";

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
}

/** `POST /halligan/v1/applications` */
export async function createApplication(
  { store, clock, ids }: Pick<ServiceContext, "store" | "clock" | "ids">,
  actor: Actor,
  input: NewApplicationInput,
): Promise<Result<NewApplication, DomainError>> {
  const unknown = input.roles.filter((role) => !isPermission(role));
  if (unknown.length > 0)
    return refuse({ code: "InvalidInput", detail: `there is no permission ${unknown.join(", ")}` });
  const read = await readApplicationKeys(input.keys ?? []);
  if ("fault" in read) return refuse({ code: "InvalidInput", detail: read.fault });
  // An unused secret is one more thing that can leak.
  const clientSecret = read.keys.length > 0 ? null : newSecret(ids.random);
  const application: Application = {
    clientId: ids.guid(),
    name: input.name,
    secretSha256: clientSecret === null ? null : hashSecret(clientSecret),
    roles: input.roles.filter(isPermission),
    keys: read.keys,
    createdAtMs: clock.nowMs(),
  };
  await store.write(async (tx) => {
    await tx.applications.insert(application);
    const { clientId, name, roles, createdAtMs } = application;
    const keyIds = read.keys.map(({ kid }) => kid);
    await auditChange(tx, actor, "CreateApplication", createdAtMs, { clientId, name, roles, keyIds });
  });
  return ok({ application, clientSecret });
}
