import { accountOf } from "../../../../auth/caller.ts";
import { MACHINE_ACTIONS } from "../../../../odata/entities/machine-action-fields.ts";
import { parseListQuery } from "../../../../odata/query.ts";
import { listMachineActions as list } from "../../../../service/actions/list-machine-actions.ts";
import { permitted } from "../../../edge/access.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { collectionAnswer } from "../../present/collection-wire.ts";
import { machineActionWire } from "../../present/machine-action-wire.ts";

const LIST = { path: "/api/machineactions", fragment: "MachineActions" } as const;

/**
 * Newest first unless `$orderby` says otherwise. `docs/contract/http-api.md#list-machine-actions`.
 */
export const listMachineActions = operation({
  name: "ListMachineActions",
  method: "GET",
  path: LIST.path,
  access: permitted("ListMachineActions"),
  body: noBody,
  async handler({ caller, query: options, signal: gone }, context) {
    const query = parseListQuery(options, MACHINE_ACTIONS, context.clock.nowMs());
    if (!query.ok) return domainRefusal(query.error);
    const turn = { accountId: accountOf(caller), gone };
    const listed = await context.listTurns.take(turn, () => list(context, caller, query.value));
    if (!listed.ok) return listed.error;
    return collectionAnswer(context, LIST, query.value, listed.value, listed.value.rows.map(machineActionWire));
  },
});
