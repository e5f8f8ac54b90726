import { accountOf } from "../../../../auth/caller.ts";
import { MACHINE_ACTIONS } from "../../../../odata/entities/machine-action-fields.ts";
import { parseListQuery } from "../../../../odata/query.ts";
import { listMachineActions as list } from "../../../../service/actions/list-machine-actions.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { page } from "../../../edge/declared-responses.ts";
import { MachineActionCollection } from "../../../openapi/components.ts";
import { odataParameters } from "../../../openapi/odata-parameters.ts";
import { sampleSucceededAction } from "../../../openapi/samples/actions.ts";
import { contextOf, SAMPLE } from "../../../openapi/samples/values.ts";
import { READ } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { collectionResponse } from "../../present/collection-wire.ts";
import { machineActionWire } from "../../present/machine-action-wire.ts";

const LIST = { path: "/api/machineactions", fragment: "MachineActions" } as const;

/**
 * Newest first unless `$orderby` says otherwise. `docs/contract/http-api.md#list-machine-actions`.
 */
export const listMachineActions = operation({
  name: "ListMachineActions",
  method: "GET",
  path: LIST.path,
  access: permitted(READ),
  rateLimit: "standard",
  doc: {
    tag: "Machine actions",
    summary: "List machine actions",
    description: "Newest first unless `$orderby` says otherwise.",
    query: odataParameters(MACHINE_ACTIONS, {
      $filter: `machineId eq '${SAMPLE.machineId}' and status in ('Succeeded','Failed')`,
      $orderby: "creationDateTimeUtc desc",
    }),
    refusals: { 400: "`ODataError`: a query option; the message says where." },
  },
  responses: {
    200: page("One page of them.", MachineActionCollection, {
      "@odata.context": contextOf("MachineActions"),
      "@odata.count": 1,
      value: [sampleSucceededAction],
    }),
  },
  body: noBody,
  async handler({ caller, query: options, signal: gone }, context) {
    const query = parseListQuery(options, MACHINE_ACTIONS, context.clock.nowMs());
    if (!query.ok) return domainRefusal(query.error);
    const turn = { accountId: accountOf(caller), gone };
    return await context.listTurns.take(turn, async () => {
      const listed = await list(context, caller, query.value);
      return collectionResponse(context, LIST, query.value, listed, listed.rows.map(machineActionWire));
    });
  },
});
