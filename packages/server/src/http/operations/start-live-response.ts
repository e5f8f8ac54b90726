import { StartLiveResponseRequest } from "@halligan/protocol/api";
import { startLiveResponse as start } from "../../service/start-live-response.ts";
import { permitted } from "../access.ts";
import { created } from "../answer.ts";
import { json } from "../body-kinds.ts";
import { operation } from "../context.ts";
import { odataContext } from "../odata-context.ts";
import { machineActionWire } from "../wire/machine-action-wire.ts";
import { domainRefusal } from "../wire-errors.ts";

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
