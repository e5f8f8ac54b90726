import { accountOf } from "../../../../auth/caller.ts";
import { MACHINE_ACTIONS } from "../../../../odata/entities/machine-action-fields.ts";
import { parseListQuery } from "../../../../odata/query.ts";
import { listActionsNow } from "../../../../service/actions/list-machine-actions.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { page } from "../../../edge/declared-responses.ts";
import { ActionWithResultsCollection } from "../../../openapi/components.ts";
import { odataParameters } from "../../../openapi/odata-parameters.ts";
import { sampleAction, sampleWaiting } from "../../../openapi/samples/actions.ts";
import { contextOf } from "../../../openapi/samples/values.ts";
import { READ } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { LIST_OPTIONS, listOptions } from "../../list-options.ts";
import { collectionResponse } from "../../present/collection-wire.ts";
import { machineActionWire } from "../../present/machine-action-wire.ts";
import { waitingWire } from "../../present/waiting-wire.ts";

const LIST = { path: "/halligan/v1/actions", fragment: "MachineActions" } as const;

/** The contract's list, and in each unfinished action what it waits for. */
export const listMachineActionDetails = operation({
  name: "ListMachineActionDetails",
  method: "GET",
  path: LIST.path,
  access: permitted(READ),
  rateLimit: { sharedWith: "ListMachineActions" },
  query: LIST_OPTIONS,
  doc: {
    tag: "Machine actions",
    summary: "List machine actions with what they wait for",
    description:
      "The contract's list with `waiting` in each unfinished action. A page has at most 100 actions; `@odata.nextLink` leads to the next.",
    query: odataParameters(MACHINE_ACTIONS, { $filter: "status in ('Pending','InProgress')" }),
    refusals: {
      400: "`ODataError`: the value of a query option; the message says where. `InvalidInput`: an option that does not exist.",
    },
  },
  responses: {
    200: page("One page of them.", ActionWithResultsCollection, {
      "@odata.context": contextOf("MachineActions"),
      value: [{ ...sampleAction, waiting: sampleWaiting }],
    }),
  },
  body: noBody,
  async handler({ caller, options, signal: gone }, context) {
    const query = parseListQuery(listOptions(options), MACHINE_ACTIONS, context.clock.nowMs());
    if (!query.ok) return domainRefusal(query.error);
    const turn = { accountId: accountOf(caller), gone };
    return await context.listTurns.take(turn, async () => {
      const listed = await listActionsNow(context, caller, query.value);
      const wires = listed.rows.map(({ action, waiting }) => ({
        ...machineActionWire(action),
        ...(waiting && { waiting: waitingWire(waiting) }),
      }));
      return collectionResponse(context, LIST, query.value, listed, wires);
    });
  },
});
