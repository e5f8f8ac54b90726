import { getMachine as get } from "../../service/get-machine.ts";
import { permitted } from "../access.ts";
import { ok } from "../answer.ts";
import { noBody } from "../body-kinds.ts";
import { operation } from "../context.ts";
import { machineEntity } from "../wire/machine-wire.ts";
import { domainRefusal } from "../wire-errors.ts";

/** By id or computer name. `docs/contract/http-api.md#machines`. */
export const getMachine = operation({
  name: "GetMachine",
  method: "GET",
  path: "/api/machines/:id",
  access: permitted("GetMachine"),
  body: noBody,
  async handler({ caller, params }, context) {
    const found = await get(context, caller, params.id ?? "");
    return found.ok ? ok(await machineEntity(context, found.value)) : domainRefusal(found.error);
  },
});
