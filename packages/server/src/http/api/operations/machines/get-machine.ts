import { getMachine as get } from "../../../../service/machines/get-machine.ts";
import { permitted } from "../../../edge/access.ts";
import { ok } from "../../../edge/answer.ts";
import { noBody } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { machineEntity } from "../../present/machine-wire.ts";

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
