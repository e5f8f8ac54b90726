import { accountOf } from "../../../../auth/caller.ts";
import { MACHINES } from "../../../../odata/entities/machine-fields.ts";
import { parseListQuery } from "../../../../odata/query.ts";
import { listMachines as list } from "../../../../service/machines/list-machines.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { odataParameters } from "../../../openapi/odata-parameters.ts";
import { machinesResponse } from "../../../openapi/samples/machines.ts";
import { READ } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { collectionResponse } from "../../present/collection-wire.ts";
import { machineWires } from "../../present/machine-wire.ts";

const LIST = { path: "/api/machines", fragment: "Machines" } as const;

/** An empty list is 200. `docs/contract/http-api.md#machines`. */
export const listMachines = operation({
  name: "ListMachines",
  method: "GET",
  path: LIST.path,
  access: permitted(READ),
  rateLimit: "standard",
  doc: {
    tag: "Machines",
    summary: "List machines",
    description: "Those of the user's device groups; an application sees all. Retired machines are not among them.",
    query: odataParameters(MACHINES, { $filter: "onboardingStatus eq 'Onboarded'", $orderby: "computerDnsName" }),
    refusals: { 400: "`ODataError`: a query option; the message says where." },
  },
  responses: { 200: { ...machinesResponse, description: "One page of them." } },
  body: noBody,
  async handler({ caller, query: options, signal: gone }, context) {
    const query = parseListQuery(options, MACHINES, context.clock.nowMs());
    if (!query.ok) return domainRefusal(query.error);
    const turn = { accountId: accountOf(caller), gone };
    return await context.listTurns.take(turn, async () => {
      const listed = await list(context, caller, query.value);
      const wires = await machineWires(context, listed.rows, query.value.asOfMs);
      return collectionResponse(context, LIST, query.value, listed, wires);
    });
  },
});
