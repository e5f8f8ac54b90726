import * as approvals from "../../../../../service/library/library-approvals.ts";
import { permitted } from "../../../../edge/access.ts";
import { noBody } from "../../../../edge/body/body-kinds.ts";
import { empty } from "../../../../edge/declared-responses.ts";
import { noContent } from "../../../../edge/http-response.ts";
import { contentSha256Parameter } from "../../../../openapi/samples/parameters.ts";
import { APPROVE } from "../../../access-rules.ts";
import { operation } from "../../../context.ts";
import { domainRefusal } from "../../../errors/errors.ts";
import { readSha256 } from "../given-sha256.ts";

export const withdrawLibraryApproval = operation({
  name: "WithdrawLibraryApproval",
  method: "DELETE",
  path: "/halligan/v1/library-approvals/:sha256",
  access: permitted(APPROVE),
  rateLimit: "none",
  doc: {
    tag: "Library",
    summary: "Withdraw all approvals of content",
    description: "No later start runs it. Actions that were accepted before do.",
    path: { sha256: contentSha256Parameter },
    refusals: { 400: "`InvalidInput`: no SHA-256.", 404: "`ResourceNotFound`: it has no approval." },
  },
  responses: { 204: empty("It is not approved any more.") },
  body: noBody,
  async handler({ caller, params }, context) {
    const given = readSha256(params.sha256, "sha256");
    if (!given.ok) return given.error;
    const withdrawn = await approvals.withdrawApproval(context, caller, given.value);
    return withdrawn.ok ? noContent() : domainRefusal(withdrawn.error);
  },
});
