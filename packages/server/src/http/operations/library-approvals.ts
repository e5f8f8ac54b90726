import type { LibraryApprovalListWire } from "@halligan/protocol/api";
import * as approvals from "../../service/library-approvals.ts";
import type { LibraryApproval } from "../../store/library-approvals.ts";
import { permitted } from "../access.ts";
import { noContent, ok } from "../answer.ts";
import { noBody } from "../body-kinds.ts";
import { operation } from "../context.ts";
import { readSha256 } from "../given-sha256.ts";
import { domainRefusal } from "../wire-errors.ts";
import { wireTime } from "../wire-time.ts";

const PATH = "/halligan/v1/library-approvals/:sha256";

/** Of bytes, whatever they are called. */
export const approveLibraryContent = operation({
  name: "ApproveLibraryContent",
  method: "PUT",
  path: PATH,
  access: permitted("ApproveLibraryContent"),
  body: noBody,
  async handler({ caller, params }, context) {
    const given = readSha256(params.sha256 ?? "", "sha256");
    if (!("sha256" in given)) return given;
    const approved = await approvals.approveContent(context, caller, given.sha256);
    return approved.ok ? ok(listWire(approved.value)) : domainRefusal(approved.error);
  },
});

export const withdrawLibraryApproval = operation({
  name: "WithdrawLibraryApproval",
  method: "DELETE",
  path: PATH,
  access: permitted("WithdrawLibraryApproval"),
  body: noBody,
  async handler({ caller, params }, context) {
    const given = readSha256(params.sha256 ?? "", "sha256");
    if (!("sha256" in given)) return given;
    const withdrawn = await approvals.withdrawApproval(context, caller, given.sha256);
    return withdrawn.ok ? noContent() : domainRefusal(withdrawn.error);
  },
});

export const listLibraryApprovals = operation({
  name: "ListLibraryApprovals",
  method: "GET",
  path: PATH,
  access: permitted("ListLibraryApprovals"),
  query: {},
  body: noBody,
  async handler({ params }, context) {
    const given = readSha256(params.sha256 ?? "", "sha256");
    return "sha256" in given ? ok(listWire(await approvals.approvalsOf(context, given.sha256))) : given;
  },
});

const listWire = (value: readonly LibraryApproval[]): LibraryApprovalListWire => ({
  value: value.map(({ sha256, accountId, approvedBy, approvedAtMs }) => ({
    sha256,
    accountId,
    approvedBy,
    approvedAt: wireTime(approvedAtMs),
  })),
});
