import { RunLiveResponseRequest } from "@halligan/protocol/api";
import { runLiveResponse as run } from "../../../../service/actions/run-live-response.ts";
import { permitted } from "../../../edge/access.ts";
import { created } from "../../../edge/answer.ts";
import { json } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { machineActionWire } from "../../present/machine-action-wire.ts";
import { odataContext } from "../../present/odata-context.ts";

/**
 * 201 with the whole action, `Pending` also when an agent takes it at once.
 * `docs/contract/http-api.md#run-live-response`.
 */
export const runLiveResponse = operation({
  name: "RunLiveResponse",
  method: "POST",
  path: "/api/machines/:id/runliveresponse",
  access: permitted("RunLiveResponse"),
  body: json(RunLiveResponseRequest),
  async handler({ caller, params, body }, context) {
    const accepted = await run(context, caller, (params.id ?? "").toLowerCase(), body);
    if (!accepted.ok) return domainRefusal(accepted.error);
    return created({
      "@odata.context": odataContext(context.publicUrl, "MachineActions/$entity"),
      ...machineActionWire(accepted.value),
    });
  },
});
