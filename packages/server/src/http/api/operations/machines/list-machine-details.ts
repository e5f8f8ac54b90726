import { Type } from "typebox";
import { accountOf } from "../../../../auth/caller.ts";
import { MACHINE_DETAILS, MACHINES } from "../../../../odata/entities/machine-fields.ts";
import { parseListQuery } from "../../../../odata/query.ts";
import { listMachines } from "../../../../service/machines/list-machines.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { page } from "../../../edge/declared-responses.ts";
import { httpError } from "../../../edge/http-response.ts";
import { ListedMachineCollection } from "../../../openapi/components.ts";
import { odataParameters } from "../../../openapi/odata-parameters.ts";
import { sampleListedMachine } from "../../../openapi/samples/machines.ts";
import { contextOf } from "../../../openapi/samples/values.ts";
import { READ } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { LIST_OPTIONS, listOptions } from "../../list-options.ts";
import { collectionResponse } from "../../present/collection-wire.ts";
import { listedMachineWires } from "../../present/machine-details-wire.ts";

const LIST = { path: "/halligan/v1/machines", fragment: "Machines" } as const;

const STATES = ["inUse", "retired", "all"] as const;

/** Options of this list alone. */
const OWN_OPTIONS = { state: "value", enrollmentTokenId: "value" } as const;

/**
 * `?state=inUse|retired|all` and `?enrollmentTokenId=` in addition to the query options of the
 * contract's list.
 */
export const listMachineDetails = operation({
  name: "ListMachineDetails",
  method: "GET",
  path: LIST.path,
  access: permitted(READ),
  rateLimit: { sharedWith: "ListMachines" },
  query: { ...OWN_OPTIONS, ...LIST_OPTIONS },
  doc: {
    tag: "Machines",
    summary: "List machines with their details",
    description: "The contract's entities with what the contract has no word for; retired machines when asked for.",
    query: {
      state: {
        description: "`inUse`, `retired`, or `all` of them. Default `inUse`.",
        schema: Type.Union([Type.Literal("inUse"), Type.Literal("retired"), Type.Literal("all")]),
        example: "all",
      },
      enrollmentTokenId: {
        description: "Only machines that enrolled with the token of this id.",
        schema: Type.String(),
      },
      ...odataParameters(MACHINES, { $orderby: "computerDnsName" }),
    },
    refusals: {
      400: "`ODataError`: the value of a query option; the message says where. `InvalidInput`: an option that does not exist, or `state`.",
    },
  },
  responses: {
    200: page("One page of them.", ListedMachineCollection, {
      "@odata.context": contextOf("Machines"),
      value: [sampleListedMachine],
    }),
  },
  body: noBody,
  async handler({ caller, options, signal: gone }, context) {
    const given = options.get("state") ?? "inUse";
    const life = STATES.find((state) => state === given);
    if (life === undefined) return httpError(400, "InvalidInput", `state must be one of ${STATES.join(", ")}`);
    const enrollmentTokenId = options.get("enrollmentTokenId")?.toLowerCase() ?? null;
    const query = parseListQuery(listOptions(options), MACHINE_DETAILS, context.clock.nowMs());
    if (!query.ok) return domainRefusal(query.error);
    const chosen = { life, enrollmentTokenId };
    const turn = { accountId: accountOf(caller), gone };
    const own = [...options].filter(([name]) => name in OWN_OPTIONS);
    return await context.listTurns.take(turn, async () => {
      const listed = await listMachines(context, caller, query.value, chosen);
      return collectionResponse(
        context,
        LIST,
        { ...query.value, repeated: [...own, ...query.value.repeated] },
        listed,
        await listedMachineWires(context, listed.rows, query.value.asOfMs),
      );
    });
  },
});
