import type { ResultLinkWire } from "@halligan/protocol/api";
import { createResultLink } from "../../../../service/results/create-result-link.ts";
import { permitted } from "../../../edge/access.ts";
import { ok, refuse } from "../../../edge/answer.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { odataContext } from "../../present/odata-context.ts";

/**
 * A link that carries its own access for 30 minutes.
 * `docs/contract/http-api.md#result-download-link`.
 */
export const getLiveResponseResultDownloadLink = operation({
  name: "GetLiveResponseResultDownloadLink",
  method: "GET",
  path: "/api/machineactions/:id/GetLiveResponseResultDownloadLink(index=:index([\\w.+-]*))",
  access: permitted("GetLiveResponseResultDownloadLink"),
  body: noBody,
  async handler({ caller, params }, context) {
    const text = params.index ?? "";
    if (!/^\d{1,9}$/.test(text)) {
      return refuse(400, "BadRequest", `index must be the number of a command, from 0, not ${JSON.stringify(text)}`);
    }
    const link = await createResultLink(context, caller, params.id ?? "", Number(text));
    if (!link.ok) return domainRefusal(link.error);
    const body: ResultLinkWire = {
      "@odata.context": odataContext(context.publicUrl, "Edm.String"),
      value: link.value,
    };
    return ok(body);
  },
});
