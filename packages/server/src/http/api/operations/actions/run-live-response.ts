import { MachineActionWire, RunLiveResponseRequest } from "@halligan/protocol/api";
import { runLiveResponse as run } from "../../../../service/actions/start/run-live-response.ts";
import { permitted } from "../../../edge/access.ts";
import { jsonBody } from "../../../edge/body/body-kinds.ts";
import { json } from "../../../edge/declared-responses.ts";
import { created } from "../../../edge/http-response.ts";
import { sampleAction, sampleCommands } from "../../../openapi/samples/actions.ts";
import { machineIdParameter } from "../../../openapi/samples/parameters.ts";
import { MACHINE_NOT_FOUND } from "../../../openapi/samples/refusals.ts";
import { contextOf } from "../../../openapi/samples/values.ts";
import { START } from "../../access-rules.ts";
import { operation } from "../../context.ts";
import { domainRefusal } from "../../errors/errors.ts";
import { IDEMPOTENCY_REFUSALS, idempotencyKeyHeader, readIdempotencyKey } from "../../idempotency-key.ts";
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
  access: permitted(START),
  rateLimit: "start",
  doc: {
    tag: "Live response",
    summary: "Run commands on a machine",
    description:
      "Runs a sequence of commands on the device, one after another; a failed one ends the sequence. First every `PutFile`, then every " +
      "`RunScript`, then every `GetFile`, each as often as wanted. `PutFile` takes `FileName`, `RunScript` takes `ScriptName` and may take " +
      "`Args`, `GetFile` takes `Path`. The answer does not wait for the device: ask for the action until its status is final.",
    path: { id: machineIdParameter },
    headers: idempotencyKeyHeader,
    bodyExample: { Commands: sampleCommands, Comment: sampleAction.requestorComment },
    refusals: {
      400:
        "`ActiveRequestAlreadyExists`: an action is unfinished on this machine, its id ends the message. `InvalidRequestBody`, " +
        "`MissingRequiredParameter`: the body. `OsPlatformNotSupported`, `ClientVersionNotSupported`: the device. " +
        "`InvalidInput`: `Idempotency-Key` is empty, too long, or has other characters than visible ASCII.",
      403: "`DisallowedOperation`: the machine is in quarantine, or its device group has no remediation level.",
      404: MACHINE_NOT_FOUND,
      ...IDEMPOTENCY_REFUSALS,
    },
  },
  responses: {
    201: json("The action, `Pending`.", MachineActionWire, {
      "@odata.context": contextOf("MachineActions/$entity"),
      ...sampleAction,
    }),
  },
  body: jsonBody(RunLiveResponseRequest),
  async handler({ caller, params, body, headers }, context) {
    const machineId = params.id.toLowerCase();
    const idempotency = readIdempotencyKey(headers, "RunLiveResponse", machineId, body);
    if (idempotency.kind === "error") return idempotency;
    const accepted = await run(context, caller, machineId, body, idempotency.key);
    if (!accepted.ok) return domainRefusal(accepted.error);
    return created({
      "@odata.context": odataContext(context.publicUrl, "MachineActions/$entity"),
      ...machineActionWire(accepted.value),
    });
  },
});
