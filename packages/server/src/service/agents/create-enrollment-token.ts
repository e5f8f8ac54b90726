import type { Caller } from "../../auth/caller.ts";
import { hashSecret, newSecret } from "../../auth/secret-hash.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";

const DEFAULT_USES = 1;
const DEFAULT_LIFETIME_MS = 24 * 3_600_000;

export interface NewEnrollmentToken {
  id: string;
  token: string;
  uses: number;
  expiresAtMs: number;
}

/**
 * `POST /halligan/v1/enrollment-tokens`. The token is shown once and stored as a hash. It has a
 * limited lifetime and number of uses.
 */
export async function createEnrollmentToken(
  { store, clock, ids }: ServiceContext,
  caller: Caller,
  input: { uses?: number | undefined; expiresInSeconds?: number | undefined },
): Promise<NewEnrollmentToken> {
  const nowMs = clock.nowMs();
  const lifetimeMs = input.expiresInSeconds === undefined ? DEFAULT_LIFETIME_MS : input.expiresInSeconds * 1000;
  const created: NewEnrollmentToken = {
    id: ids.guid(),
    token: newSecret(ids.random),
    uses: input.uses ?? DEFAULT_USES,
    expiresAtMs: nowMs + lifetimeMs,
  };
  await store.write(async (tx) => {
    await tx.enrollmentTokens.insert({
      id: created.id,
      tokenSha256: hashSecret(created.token),
      uses: created.uses,
      expiresAtMs: created.expiresAtMs,
      createdBy: caller.name,
      createdAtMs: nowMs,
    });
    const { id, uses, expiresAtMs } = created;
    await auditChange(tx, caller, "CreateEnrollmentToken", nowMs, { id, uses, expiresAtMs });
  });
  return created;
}
