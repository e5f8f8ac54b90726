import { err, ok, type Result } from "@halligan/protocol/errors";
import { accountOf, type Caller } from "../../auth/caller.ts";
import type { DomainError } from "../../domain/errors.ts";
import type { LibraryApproval } from "../../store/library/library-approvals.ts";
import { auditChange } from "../audit.ts";
import type { ServiceContext } from "../context.ts";

/**
 * `PUT /halligan/v1/library-approvals/{sha256}`: these bytes may run, under any name. An approval
 * by the account that uploaded them has no effect, so it is refused when the uploader is known.
 * Repeating the request changes nothing.
 */
export function approveContent(
  { store, clock }: ServiceContext,
  caller: Caller,
  sha256: string,
): Promise<Result<LibraryApproval[], DomainError>> {
  return store.write(async (tx): Promise<Result<LibraryApproval[], DomainError>> => {
    const nowMs = clock.nowMs();
    const accountId = accountOf(caller);
    const uploaders = await tx.library.ownerAccountsOf(sha256);
    if (uploaders.length > 0 && uploaders.every((account) => account === accountId)) {
      return err({ code: "ApprovalOfOwnContent", sha256 });
    }
    const approval = { sha256, accountId, approvedBy: caller.name, approvedAtMs: nowMs };
    if (await tx.libraryApprovals.insert(approval)) {
      await auditChange(tx, caller, "ApproveLibraryContent", nowMs, { sha256 });
    }
    return ok(await tx.libraryApprovals.of(sha256));
  });
}

/**
 * `DELETE /halligan/v1/library-approvals/{sha256}`: no later start runs these bytes. Actions that
 * were accepted before still do.
 */
export function withdrawApproval(
  { store, clock }: ServiceContext,
  caller: Caller,
  sha256: string,
): Promise<Result<null, DomainError>> {
  return store.write(async (tx): Promise<Result<null, DomainError>> => {
    if (!(await tx.libraryApprovals.remove(sha256))) return err({ code: "ContentUnknown", sha256 });
    await auditChange(tx, caller, "WithdrawLibraryApproval", clock.nowMs(), { sha256 });
    return ok(null);
  });
}

/** `GET /halligan/v1/library-approvals/{sha256}` */
export const approvalsOf = ({ store }: ServiceContext, sha256: string): Promise<LibraryApproval[]> =>
  store.read((tx) => tx.libraryApprovals.of(sha256));
