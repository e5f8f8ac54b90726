import type { LibraryApprovalListWire } from "@halligan/protocol/api";
import type { LibraryApproval } from "../../../../../store/library/library-approvals.ts";
import { wireTime } from "../../../present/wire-time.ts";

export const libraryApprovalsWire = (value: readonly LibraryApproval[]): LibraryApprovalListWire => ({
  value: value.map(({ sha256, accountId, approvedBy, approvedAtMs }) => ({
    sha256,
    accountId,
    approvedBy,
    approvedAt: wireTime(approvedAtMs),
  })),
});
