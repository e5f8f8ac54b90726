import { accountOf } from "../../../../auth/caller.ts";
import { MACHINE_DETAILS } from "../../../../odata/entities/machine-fields.ts";
import { parseListQuery } from "../../../../odata/query.ts";
import { listMachines } from "../../../../service/machines/list-machines.ts";
import { getMachineDetails as get } from "../../../../service/machines/machine-details.ts";
import { permitted } from "../../../edge/access.ts";
import { ok, refuse } from "../../../edge/answer.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { collectionAnswer } from "../../present/collection-wire.ts";
import { listedMachineWires, machineDetailsWire } from "../../present/machine-details-wire.ts";

const LIST = { path: "/halligan/v1/machines", fragment: "Machines" } as const;
const STATES = ["inUse", "retired", "all"] as const;
/** Options of this list alone. */
const OWN_OPTIONS = { state: "value", enrollmentTokenId: "value" } as const;
/** Those of `GET /api/machines`. */
const LIST_OPTIONS = {
  $filter: "value",
  $orderby: "value",
  $top: "value",
  $skip: "value",
  $count: "value",
  $select: "value",
  $skiptoken: "value",
} as const;

/**
 * `?state=inUse|retired|all` and `?enrollmentTokenId=` in addition to the query options of the
 * contract's list.
 */
export const listMachineDetails = operation({
  name: "ListMachineDetails",
  method: "GET",
  path: LIST.path,
  access: permitted("ListMachineDetails"),
  query: { ...OWN_OPTIONS, ...LIST_OPTIONS },
  body: noBody,
  async handler({ caller, options, signal: gone }, context) {
    const given = options.get("state") ?? "inUse";
    const life = STATES.find((state) => state === given);
    if (life === undefined) return refuse(400, "InvalidInput", `state must be one of ${STATES.join(", ")}`);
    const enrollmentTokenId = options.get("enrollmentTokenId")?.toLowerCase() ?? null;
    const query = parseListQuery(
      new URLSearchParams([...options].filter(([name]) => name in LIST_OPTIONS)),
      MACHINE_DETAILS,
      context.clock.nowMs(),
    );
    if (!query.ok) return domainRefusal(query.error);
    const chosen = { life, enrollmentTokenId };
    const turn = { accountId: accountOf(caller), gone };
    const listed = await context.listTurns.take(turn, () => listMachines(context, caller, query.value, chosen));
    if (!listed.ok) return listed.error;
    const own = [...options].filter(([name]) => name in OWN_OPTIONS);
    return collectionAnswer(
      context,
      LIST,
      { ...query.value, repeated: [...own, ...query.value.repeated] },
      listed.value,
      await listedMachineWires(context, listed.value.rows, query.value.asOfMs),
    );
  },
});

/** By id or name; retired machines as well. */
export const getMachineDetails = operation({
  name: "GetMachineDetails",
  method: "GET",
  path: "/halligan/v1/machines/:id",
  access: permitted("GetMachineDetails"),
  body: noBody,
  async handler({ caller, params }, context) {
    const found = await get(context, caller, params.id ?? "");
    return found.ok ? ok(machineDetailsWire(context, found.value)) : domainRefusal(found.error);
  },
});
