import { revokeResultLinks as revoke } from "../../../../service/results/revoke-result-links.ts";
import { permitted } from "../../../edge/access.ts";
import { noContent } from "../../../edge/answer.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";

/** For a link that leaked: every link to a result of the action is refused from then on. */
export const revokeResultLinks = operation({
  name: "RevokeResultLinks",
  method: "POST",
  path: "/halligan/v1/actions/:id/revoke-links",
  access: permitted("RevokeResultLinks"),
  body: noBody,
  async handler({ caller, params }, context) {
    const revoked = await revoke(context, caller, params.id ?? "");
    return revoked.ok ? noContent() : domainRefusal(revoked.error);
  },
});
