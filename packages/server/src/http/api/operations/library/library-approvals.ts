import type { LibraryApprovalListWire } from "@halligan/protocol/api";
import * as approvals from "../../../../service/library/library-approvals.ts";
import type { LibraryApproval } from "../../../../store/library/library-approvals.ts";
import { permitted } from "../../../edge/access.ts";
import { noContent, ok } from "../../../edge/answer.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { wireTime } from "../../present/wire-time.ts";
import { readSha256 } from "./given-sha256.ts";

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
