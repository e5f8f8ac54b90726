import { err, ok, type Result } from "@halligan/protocol/errors";
import type { Caller } from "../../auth/caller.ts";
import type { EnrollmentToken } from "../../domain/agents/enrollment-token.ts";
import type { DomainError } from "../../domain/errors.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";

/** `GET /halligan/v1/enrollment-tokens`: newest first. */
export function listEnrollmentTokens(
  { store }: ServiceContext,
  page: { beforeId: string | null; limit: number },
): Promise<EnrollmentToken[]> {
  return store.read((tx) => tx.enrollmentTokens.list(page));
}

/**
 * `POST /halligan/v1/enrollment-tokens/{id}/revoke`: no further device can enroll with it. Machines
 * that have enrolled stay enrolled. Repeating the request changes nothing.
 */
export async function revokeEnrollmentToken(
  { store, clock }: ServiceContext,
  caller: Caller,
  tokenId: string,
): Promise<Result<EnrollmentToken, DomainError>> {
  return store.write(async (tx): Promise<Result<EnrollmentToken, DomainError>> => {
    const token = await tx.enrollmentTokens.byId(tokenId);
    if (!token) return err({ code: "EnrollmentTokenNotFound", tokenId });
    if (token.revocation) return ok(token);
    const nowMs = clock.nowMs();
    await tx.enrollmentTokens.revoke(tokenId, nowMs, caller.name);
    const { usesLeft, machinesEnrolled } = token;
    await auditChange(tx, caller, "RevokeEnrollmentToken", nowMs, { id: tokenId, usesLeft, machinesEnrolled });
    return ok({ ...token, usesLeft: 0, revocation: { atMs: nowMs, by: caller.name } });
  });
}
