import { MachineTagsRequest } from "@halligan/protocol/api";
import { setMachineTag } from "../../../../service/machines/set-machine-tag.ts";
import { permitted } from "../../../edge/access.ts";
import { ok } from "../../../edge/answer.ts";
import { json } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { machineEntity } from "../../present/machine-wire.ts";

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
