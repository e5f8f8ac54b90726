import { MachineTagsRequest } from "@halligan/protocol/api";
import { setMachineTag } from "../../service/set-machine-tag.ts";
import { permitted } from "../access.ts";
import { ok } from "../answer.ts";
import { json } from "../body-kinds.ts";
import { operation } from "../context.ts";
import { machineEntity } from "../wire/machine-wire.ts";
import { domainRefusal } from "../wire-errors.ts";

/** Adds or removes one tag; answers with the machine. */
export const setMachineTags = operation({
  name: "SetMachineTags",
  method: "POST",
  path: "/api/machines/:id/tags",
  access: permitted("SetMachineTags"),
  body: json(MachineTagsRequest),
  async handler({ caller, params, body }, context) {
    const tagged = await setMachineTag(context, caller, (params.id ?? "").toLowerCase(), body);
    return tagged.ok ? ok(await machineEntity(context, tagged.value)) : domainRefusal(tagged.error);
  },
});
