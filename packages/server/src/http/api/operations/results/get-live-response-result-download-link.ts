import { DownloadUrlWire } from "@halligan/protocol/api";
import { createDownloadUrl } from "../../../../service/results/create-download-url.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { httpError, ok } from "../../../edge/http-response.ts";
import { actionIdParameter, commandIndexParameter } from "../../../openapi/samples/parameters.ts";
import { contextOf, SAMPLE } from "../../../openapi/samples/values.ts";
import { RESULTS } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { odataContext } from "../../present/odata-context.ts";

/**
 * A link that carries its own access for 30 minutes.
 * `docs/contract/http-api.md#result-download-link`.
 */
export const getLiveResponseResultDownloadLink = operation({
  name: "GetLiveResponseResultDownloadLink",
  method: "GET",
  path: "/api/machineactions/:id/GetLiveResponseResultDownloadLink(index=:index([\\w.+-]*))",
  access: permitted(RESULTS),
  rateLimit: "standard",
  doc: {
    tag: "Live response",
    summary: "Get a link to what a command brought",
    description:
      "The link carries its own access and is good for 30 minutes. Only `RunScript` and `GetFile` have a result.",
    path: { id: actionIdParameter, index: commandIndexParameter },
    refusals: {
      400: "`BadRequest`: the result is not ready yet; ask again.",
      404: "`ResourceNotFound`: there is no such action, or the command will never have a result.",
    },
  },
  responses: {
    200: json("The link, in `value`.", DownloadUrlWire, {
      "@odata.context": contextOf("Edm.String"),
      value: `http://127.0.0.1:8780/halligan/v1/results/${SAMPLE.actionId}/0?se=${SAMPLE.linkExpiry}&by=${SAMPLE.clientId}&gen=${SAMPLE.linkGenerations}&sig=${SAMPLE.linkSignature}`,
    }),
  },
  body: noBody,
  async handler({ caller, params }, context) {
    const text = params.index;
    if (!/^\d{1,9}$/.test(text)) {
      return httpError(400, "BadRequest", `index must be the number of a command, from 0, not ${JSON.stringify(text)}`);
    }
    const link = await createDownloadUrl(context, caller, params.id, Number(text));
    if (!link.ok) return domainRefusal(link.error);
    const responseBody: DownloadUrlWire = {
      "@odata.context": odataContext(context.publicUrl, "Edm.String"),
      value: link.value,
    };
    return ok(responseBody);
  },
});
