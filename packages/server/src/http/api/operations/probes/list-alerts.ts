import { Type } from "typebox";
import { parseEmptyListQuery } from "../../../../odata/query.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { page } from "../../../edge/declared-responses.ts";
import { ok } from "../../../edge/http-response.ts";
import { AlertCollection } from "../../../openapi/components.ts";
import { contextOf } from "../../../openapi/samples/values.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { odataContext } from "../../present/odata-context.ts";

/**
 * Live response has no alerts; two products ask for them to see whether the API answers.
 * `docs/contract/clients-in-the-wild.md#paths`.
 */
export const listAlerts = operation({
  name: "ListAlerts",
  method: "GET",
  path: "/api/alerts",
  // application has: docs/contract/clients-in-the-wild.md#paths. Neither gives anything away but
  // whether a machine is there.
  access: permitted({
    application: ["Machine.Read.All", "Machine.ReadWrite.All", "Machine.LiveResponse"],
    delegated: ["Machine.Read", "Machine.ReadWrite", "Machine.LiveResponse"],
  }),
  rateLimit: "standard",
  doc: {
    tag: "Machine actions",
    summary: "List alerts: there are none",
    description: "Live response has no alerts. Clients ask for them to see whether the API answers.",
    query: {
      $count: { description: "Adds `@odata.count`, which is 0.", schema: Type.Boolean(), example: true },
      $top: {
        description: "Taken, as the other options of a list and `$expand`; the list is empty whatever they say.",
        schema: Type.Integer(),
        example: 1,
      },
    },
  },
  responses: {
    200: page("An empty list.", AlertCollection, {
      "@odata.context": contextOf("Alerts"),
      "@odata.count": 0,
      value: [],
    }),
  },
  body: noBody,
  async handler({ query: options }, { publicUrl }) {
    const query = parseEmptyListQuery(options);
    if (!query.ok) return domainRefusal(query.error);
    const count = query.value.count ? { "@odata.count": 0 } : {};
    return ok({ "@odata.context": odataContext(publicUrl, "Alerts"), ...count, value: [] });
  },
});
