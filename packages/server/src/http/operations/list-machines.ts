import { MACHINES } from "../../domain/odata/machine-fields.ts";
import { parseListQuery } from "../../domain/odata/query.ts";
import { listMachines as list } from "../../service/list-machines.ts";
import { permitted } from "../access.ts";
import { noBody } from "../body-kinds.ts";
import { operation } from "../context.ts";
import { collectionAnswer } from "../wire/collection-wire.ts";
import { machineWires } from "../wire/machine-wire.ts";
import { domainRefusal } from "../wire-errors.ts";

const LIST = { path: "/api/machines", fragment: "Machines" } as const;

/** An empty list is 200. `docs/contract/http-api.md#machines`. */
export const listMachines = operation({
  name: "ListMachines",
  method: "GET",
  path: LIST.path,
  access: permitted("ListMachines"),
  body: noBody,
  async handler({ caller, query: options }, context) {
    const query = parseListQuery(options, MACHINES, context.clock.nowMs());
    if (!query.ok) return domainRefusal(query.error);
    const listed = await list(context, caller, query.value);
    return collectionAnswer(
      context,
      LIST,
      query.value,
      listed,
      await machineWires(context, listed.rows, query.value.asOfMs),
    );
  },
});
