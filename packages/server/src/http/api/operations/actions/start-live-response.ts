import { StartLiveResponseRequest } from "@halligan/protocol/api";
import { startLiveResponse as start } from "../../../../service/actions/start-live-response.ts";
import { permitted } from "../../../edge/access.ts";
import { created } from "../../../edge/answer.ts";
import { json } from "../../../edge/body/body-kinds.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors.ts";
import { machineActionWire } from "../../present/machine-action-wire.ts";
import { odataContext } from "../../present/odata-context.ts";

/** As `RunLiveResponse`, for callers who say which bytes they mean. The answer is the contract's. */
export const startLiveResponse = operation({
  name: "StartLiveResponse",
  method: "POST",
  path: "/halligan/v1/machines/:id/actions",
  access: permitted("StartLiveResponse"),
  body: json(StartLiveResponseRequest),
  async handler({ caller, params, body, signal }, context) {
    const accepted = await start(context, caller, (params.id ?? "").toLowerCase(), body, signal);
    if (!accepted.ok) return domainRefusal(accepted.error);
    return created({
      "@odata.context": odataContext(context.publicUrl, "MachineActions/$entity"),
      ...machineActionWire(accepted.value),
    });
  },
});
