import { revokeResultLinks as revoke } from "../../../../service/results/revoke-result-links.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { empty } from "../../../edge/declared-responses.ts";
import { noContent } from "../../../edge/http-response.ts";
import { actionIdParameter } from "../../../openapi/samples/parameters.ts";
import { IN_SCOPE } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";

/** For a link that leaked: every link to a result of the action is refused from then on. */
export const revokeResultLinks = operation({
  name: "RevokeResultLinks",
  method: "POST",
  path: "/halligan/v1/actions/:id/revoke-links",
  // It ends links of others, so reading alone is not enough.
  access: permitted({
    application: ["Machine.ReadWrite.All", "Machine.LiveResponse"],
    delegated: ["Machine.LiveResponse"],
    ...IN_SCOPE,
  }),
  rateLimit: "standard",
  doc: {
    tag: "Live response",
    summary: "Revoke the links to an action's results",
    description: "For a link that leaked: all that were made are refused from then on. New ones are made as before.",
    path: { id: actionIdParameter },
    refusals: { 404: "`ResourceNotFound`: there is no such action." },
  },
  responses: { 204: empty("They are revoked.") },
  body: noBody,
  async handler({ caller, params }, context) {
    const revoked = await revoke(context, caller, params.id);
    return revoked.ok ? noContent() : domainRefusal(revoked.error);
  },
});
