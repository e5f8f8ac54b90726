import { CancelRequest, MachineActionWire } from "@halligan/protocol/api";
import { cancelMachineAction as cancel } from "../../../../service/actions/cancel-machine-action.ts";
import { permitted } from "../../../edge/access.ts";
import { jsonBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { ok } from "../../../edge/http-response.ts";
import { sampleAction } from "../../../openapi/samples/actions.ts";
import { actionIdParameter } from "../../../openapi/samples/parameters.ts";
import { ACTION_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { contextOf } from "../../../openapi/samples/values.ts";
import { ACTING, IN_SCOPE } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { machineActionWire } from "../../present/machine-action-wire.ts";
import { odataContext } from "../../present/odata-context.ts";

/**
 * Answers with the action already `Cancelled`. `docs/contract/http-api.md#cancel-a-machine-action`.
 */
export const cancelMachineAction = operation({
  name: "CancelMachineAction",
  method: "POST",
  path: "/api/machineactions/:id/cancel",
  access: permitted({ application: ACTING, delegated: ACTING, ...IN_SCOPE }),
  rateLimit: "standard",
  doc: {
    tag: "Machine actions",
    summary: "Cancel a machine action",
    description:
      "Final at once; the device is told to end what runs. A `Cancelled` or `Failed` action is answered as it is.",
    path: { id: actionIdParameter },
    bodyExample: { Comment: "Not needed any more" },
    refusals: {
      400: "`BadRequest`: the action has `Succeeded` or timed out. `InvalidRequestBody`, `MissingRequiredParameter`: the body.",
      404: ACTION_NOT_FOUND,
    },
  },
  responses: {
    200: json("The action, `Cancelled`.", MachineActionWire, {
      "@odata.context": contextOf("MachineActions/$entity"),
      ...sampleAction,
      status: "Cancelled",
      lastUpdateDateTimeUtc: "2026-11-21T12:01:00.4Z",
      cancellationRequestor: "Administrator",
      cancellationComment: "Not needed any more",
      cancellationDateTimeUtc: "2026-11-21T12:01:00.4Z",
    }),
  },
  body: jsonBody(CancelRequest),
  async handler({ caller, params, body }, context) {
    const cancelled = await cancel(context, caller, params.id, body.Comment);
    if (!cancelled.ok) return domainRefusal(cancelled.error);
    return ok({
      "@odata.context": odataContext(context.publicUrl, "MachineActions/$entity"),
      ...machineActionWire(cancelled.value),
    });
  },
});
