import { parseEmptyListQuery } from "../../../../odata/query.ts";
import { permitted } from "../../../edge/access.ts";
import { ok } from "../../../edge/answer.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { odataContext } from "../../present/odata-context.ts";

/**
 * Live response has no alerts; two products ask for them to see whether the API answers.
 * `docs/contract/clients-in-the-wild.md#paths`.
 */
export const listAlerts = operation({
  name: "ListAlerts",
  method: "GET",
  path: "/api/alerts",
  access: permitted("ListAlerts"),
  body: noBody,
  async handler({ query: options }, { publicUrl }) {
    const query = parseEmptyListQuery(options);
    if (!query.ok) return domainRefusal(query.error);
    const count = query.value.count ? { "@odata.count": 0 } : {};
    return ok({ "@odata.context": odataContext(publicUrl, "Alerts"), ...count, value: [] });
  },
});
